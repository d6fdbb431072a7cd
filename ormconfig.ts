import { DataSource } from 'typeorm';
import { dataSourceOptions } from './src/data-source.js';

/** For TypeORM's command line, which the `migration:…` scripts call. They set DATABASE_URL, to the embedded database if need be. */
const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  throw new Error('DATABASE_URL is not set. Use the migration:… scripts of package.json, which see to it.');
}

export default new DataSource(dataSourceOptions(databaseUrl));

import { Global, Module } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { SecretKeys } from './secret-keys.js';

@Global()
@Module({
  providers: [
    {
      provide: SecretKeys,
      inject: [Configuration],
      useFactory: ({ secretKeys }: Configuration) => new SecretKeys(secretKeys),
    },
  ],
  exports: [SecretKeys],
})
export class SecretKeysModule {}

import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { RestResult, WithoutDatabase } from '../dialects/documented.js';
import { DatabaseUnavailable } from '../errors/request.errors.js';
import { Public } from '../route-policy/route-policy.js';
import { HealthResponse } from './health.response.js';

const PATIENCE_MS = 2_000;

@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(private readonly dataSource: DataSource) {}

  /** Is the process alive? Says nothing of the database, so that a supervisor does not restart us for its sake. */
  @Get('live')
  @Public()
  @WithoutDatabase()
  @RestResult(HealthResponse)
  checkLiveness(): HealthResponse {
    return { status: 'ok' };
  }

  /** Can requests be served? Asks the database. */
  @Get('ready')
  @Public()
  @RestResult(HealthResponse)
  async checkReadiness(): Promise<HealthResponse> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    });
    try {
      await Promise.race([this.dataSource.query('SELECT 1'), patience]);
      return { status: 'ok' };
    } catch (error) {
      throw new DatabaseUnavailable({ cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

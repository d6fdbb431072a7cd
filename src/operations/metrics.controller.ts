import { Controller, Get, Header } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WithoutDatabase } from '../dialects/documented.js';
import { Public } from '../route-policy/route-policy.js';
import { Metrics } from './metrics.js';

@ApiTags('Operations')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Numbers for Prometheus, in its text format. */
  @Get()
  @Public()
  @WithoutDatabase()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiResponse({
    status: 200,
    description: 'Success',
    schema: {
      type: 'string',
      example: 'http_request_duration_seconds_count{method="GET",route="/api/users/me",status="200"} 1',
    },
  })
  readMetrics(): Promise<string> {
    return this.metrics.text();
  }
}

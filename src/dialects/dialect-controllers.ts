import { Controller, UseInterceptors, applyDecorators } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DialectInterceptor } from './dialect.interceptor.js';
import { envelopeDialect } from './envelope.dialect.js';
import { rpcDialect } from './rpc.dialect.js';

/** A controller of the envelope dialect: `POST /api/v1/users/…`. */
export function EnvelopeController(tag: string): ClassDecorator {
  return applyDecorators(
    Controller('api/v1/users'),
    UseInterceptors(new DialectInterceptor(envelopeDialect)),
    ApiTags(`${tag} (envelope)`),
  );
}

/** A controller of the rpc dialect: `POST /v1/<service>/<Endpoint>`. Its aliases are the business of `canonicalUrl`. */
export function RpcController(service: string): ClassDecorator {
  return applyDecorators(
    Controller(`v1/${service}`),
    UseInterceptors(new DialectInterceptor(rpcDialect)),
    ApiTags(`${service} (rpc)`),
  );
}

/** A controller of the rest dialect, below `/api/`. */
export function RestController(tag: string, path: string): ClassDecorator {
  return applyDecorators(Controller(`api/${path}`), ApiTags(tag));
}

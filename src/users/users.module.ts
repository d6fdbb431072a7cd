import { Module } from '@nestjs/common';
import { UsersEnvelopeController } from './http/users.envelope.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersEnvelopeController],
  providers: [UsersService],
  exports: [UsersService],
})
export class UsersModule {}

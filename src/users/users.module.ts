import { Module } from '@nestjs/common';
import { DirectoryPurge } from './directory-purge.js';
import { UsersEnvelopeController } from './http/users.envelope.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersEnvelopeController],
  providers: [DirectoryPurge, UsersService],
  exports: [UsersService],
})
export class UsersModule {}

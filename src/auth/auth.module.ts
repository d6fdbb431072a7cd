import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccountsModule } from '../accounts/accounts.module.js';
import { CreditsModule } from '../credits/credits.module.js';
import { MailerModule } from '../mailer/mailer.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthService } from './auth.service.js';
import { CodeSender } from './code-sender.js';
import { DirectoryService } from './directory.service.js';
import { EmailVerificationService } from './email-verification.service.js';
import { CredentialGuard } from './guard/credential.guard.js';
import { CredentialStrategy } from './guard/credential.strategy.js';
import { PrincipalsService } from './guard/principals.service.js';
import { AuthEnvelopeController } from './http/auth.envelope.controller.js';
import { AuthRestController } from './http/auth.rest.controller.js';
import { AuthRpcController } from './http/auth.rpc.controller.js';
import { CodesRpcController } from './http/codes.rpc.controller.js';
import { DirectoryRpcController } from './http/directory.rpc.controller.js';
import { LoginThrottle } from './login-throttle.js';
import { MagicLinksService } from './magic-links.service.js';
import { PasswordResetService } from './password-reset.service.js';
import { HashingQueue } from './passwords/hashing-queue.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { RegistrationService } from './registration.service.js';

@Module({
  imports: [AccountsModule, CreditsModule, MailerModule, TokensModule, UsersModule],
  controllers: [
    AuthEnvelopeController,
    AuthRestController,
    AuthRpcController,
    CodesRpcController,
    DirectoryRpcController,
  ],
  providers: [
    AuthService,
    CodeSender,
    CredentialStrategy,
    DirectoryService,
    EmailVerificationService,
    HashingQueue,
    LoginThrottle,
    MagicLinksService,
    PasswordResetService,
    PasswordsService,
    PrincipalsService,
    RegistrationService,
    { provide: APP_GUARD, useClass: CredentialGuard },
  ],
  exports: [RegistrationService],
})
export class AuthModule {}

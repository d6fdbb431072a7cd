import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { LogFunctionFactory, Runner, Task } from 'graphile-worker';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Configuration } from '../../config/configuration.js';
import { workerShare } from '../../config/worker-share.js';
import { Metrics } from '../../operations/metrics.js';
import { SECOND_MS, Upkeep } from '../../upkeep/upkeep.js';
import { MailTransport } from '../transport/mail-transport.js';
import { CONNECTIONS_MAX } from '../transport/smtp.transport.js';
import { addDeliveryJob, DELIVER_MAIL, isOf, type DeliveryJob } from './delivery-job.js';
import { DeliveryService, LEASE_SECONDS } from './delivery.service.js';

/** Of one worker among many. Each has a connection to the database, and one of these listens for news. */
const MAILS_AT_ONCE_MIN = 3;
/** How long mails that are being sent may take to finish when the process is told to end. */
const PATIENCE_MS = 10 * SECOND_MS;

/** Of one process: as many connections to the database, and to the mail server. */
export function mailsAtOnce(workers: number): number {
  return workerShare(CONNECTIONS_MAX, workers, MAILS_AT_ONCE_MIN);
}

/**
 * Takes jobs from the queue while the process lives. Any number of processes share the queue; one that dies leaves its jobs
 * locked, and the others rescue them. While the database is away it waits.
 */
@Injectable()
export class DeliveryWorker extends Upkeep implements OnApplicationBootstrap {
  private readonly hurry = new AbortController();
  private readonly pool: pg.Pool;
  private readonly mailsAtOnce: number;
  private runner: Runner | undefined;
  private finished: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly deliveries: DeliveryService,
    private readonly transport: MailTransport,
    private readonly metrics: Metrics,
    { databaseUrl, workers }: Configuration,
  ) {
    super();
    this.mailsAtOnce = mailsAtOnce(workers);
    this.pool = new pg.Pool({
      connectionString: databaseUrl,
      application_name: 'tollgate mails',
      max: this.mailsAtOnce,
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    });
    // A connection that breaks is replaced when one is needed; whoever was using it hears of it.
    this.pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  }

  onApplicationBootstrap(): void {
    this.repeatEvery(SECOND_MS, () => this.work());
    this.repeatEvery(10 * SECOND_MS, () => this.deliveries.renewLeases());
    this.repeatEvery(10 * SECOND_MS, () => this.rescue());
    this.repeatEvery(10 * SECOND_MS, () => this.deliveries.eraseExpired());
  }

  /** Takes nothing more, and lets what is being sent finish; what takes too long is put back into the queue. */
  override onModuleDestroy(): void {
    super.onModuleDestroy();
    this.finished = this.finish();
  }

  override async onApplicationShutdown(): Promise<void> {
    await this.finished;
    this.transport.close();
    await this.pool.end();
  }

  private async finish(): Promise<void> {
    const patience = setTimeout(() => this.hurry.abort(new Error('interrupted: the process ends')), PATIENCE_MS);
    await this.runner?.stop().catch(() => undefined);
    await super.onApplicationShutdown();
    clearTimeout(patience);
  }

  /** Until the process ends, or the queue cannot be worked on. */
  private async work(): Promise<void> {
    const { Logger: QueueLogger, run } = await import('graphile-worker');
    this.runner = await run({
      pgPool: this.pool,
      taskList: { [DELIVER_MAIL]: ((job: DeliveryJob) => this.deliveries.deliver(job, this.hurry.signal)) as Task },
      concurrency: this.mailsAtOnce,
      // Only as batches are its notes on finished jobs waited for; else one that fails is nobody's rejection.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      parsedCronItems: [],
      noHandleSignals: true,
      // A transaction pooler may stand between us and the database.
      noPreparedStatements: true,
      logger: new QueueLogger(this.queueLog),
    });
    if (this.isStopping) {
      await this.runner.stop();
    }
    await this.runner.promise;
  }

  /** Jobs that have been locked for long, and of whose mail nobody says that they have it in hand: their process is dead. */
  private async rescue(): Promise<void> {
    await this.dataSource.query(
      `SELECT ${addDeliveryJob('mail')}
       FROM graphile_worker.jobs AS job
       JOIN mails AS mail ON ${isOf('job', 'mail')}
       WHERE job.task_identifier = '${DELIVER_MAIL}' AND job.locked_at < now() - make_interval(secs => $1)
         AND (mail.status <> 'sending' OR mail.leased_until < now())`,
      [LEASE_SECONDS],
    );
    await this.removeDead();
    const [waiting] = await this.dataSource.query<{ count: number }[]>(
      `SELECT count(*) AS count FROM mails WHERE status IN ('queued', 'sending')`,
    );
    this.metrics.mailsWaiting.set(waiting!.count);
  }

  /**
   * Jobs of dead processes that nobody would remove: those whose mail is gone, and those that were added again while they
   * were locked, whose row the queue keeps, without key and attempts, for its process to remove. To a process that is only
   * slow the row means nothing any more.
   */
  private async removeDead(): Promise<void> {
    const jobs = `FROM graphile_worker.jobs AS job WHERE job.task_identifier = '${DELIVER_MAIL}'`;
    await this.dataSource.query(
      `SELECT graphile_worker.force_unlock_workers(array_agg(job.locked_by)) ${jobs}
         AND job.locked_at < now() - make_interval(secs => $1)
         AND NOT EXISTS (SELECT FROM mails AS mail WHERE ${isOf('job', 'mail')})
       HAVING count(*) > 0`,
      [LEASE_SECONDS],
    );
    await this.dataSource.query(
      `SELECT graphile_worker.complete_jobs(array_agg(job.id)) ${jobs} AND job.key IS NULL HAVING count(*) > 0`,
    );
  }

  /** The queue tells a lot of its own; only what goes wrong is of interest, and never what a job holds. */
  private readonly queueLog: LogFunctionFactory = () => (level: string, message) => {
    if (level === 'error' || level === 'warning') {
      this.logger.warn({ msg: message.split('\n', 1)[0] });
    } else {
      this.logger.debug({ msg: message });
    }
  };
}

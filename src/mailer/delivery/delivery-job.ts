/** The job that delivers a mail, as SQL: it is added by the very statement that makes the mail wait. */

export const DELIVER_MAIL = 'deliver_mail';

/** All that a job holds: the key of its mail, never anything of the mail itself. */
export interface DeliveryJob {
  directoryId: number;
  mailId: number;
}

/** A job is only repeated when the database went away during it; attempts at a mail are counted in the mail. */
const REPETITIONS_MAX = 1000;

/**
 * An expression that adds the job of a mail, in place of one that is still waiting.
 *
 * @param mail a row of the statement that has `directory_id` and `id`
 * @param runAt an expression; now, if there is none
 */
export function addDeliveryJob(mail: string, runAt = 'NULL'): string {
  return `graphile_worker.add_job('${DELIVER_MAIL}',
    payload := json_build_object('directoryId', ${mail}.directory_id, 'mailId', ${mail}.id),
    job_key := '${DELIVER_MAIL}:' || ${mail}.directory_id || ':' || ${mail}.id,
    run_at := ${runAt}, max_attempts := ${REPETITIONS_MAX})`;
}

/** A condition: that the job is that of the mail. Never true of a job that another has replaced. */
export function isOf(job: string, mail: string): string {
  return `${mail}.directory_id = split_part(${job}.key, ':', 2)::bigint AND ${mail}.id = split_part(${job}.key, ':', 3)::bigint`;
}

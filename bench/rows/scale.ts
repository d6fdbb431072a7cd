import type { BenchDatabase } from '../database/bench-postgres.js';
import { httpSide } from '../measuring/side.js';
import type { Resources } from '../processes/resources.js';
import { ServerProcess } from '../processes/server-process.js';
import { tollgate } from '../processes/servers.js';
import type { CredentialKind } from '../../src/route-policy/principal.js';
import { ME_PROBE, ME_RIGHT, meQuestions, peopleOf } from './requests.js';
import { spreadLastUses } from './session-uses.js';
import { byRate, type Row } from './row.js';

const FEW = 1_000;
const KINDS: CredentialKind[] = ['api_key', 'access_token', 'session'];

/** `GET /api/users/me/` with all kinds of credentials, over a large database and over a small one. */
export const scale: Row = {
  name: 'scale',
  async run({ connections, users, large, database, generator, interleave }) {
    const [few, many] = [await database(Math.min(FEW, users)), await database(large)];
    const side = async (resources: Resources, db: BenchDatabase) => {
      const server = await ServerProcess.start(tollgate(db, ME_PROBE));
      const people = peopleOf(db, users);
      return httpSide(generator, resources.hold(server), {
        questions: people.flatMap((person, i) => meQuestions([person], KINDS[i % KINDS.length]!)),
        right: ME_RIGHT,
        connections,
        counter: db.counter,
        prepare: () => spreadLastUses(db, people),
      });
    };
    const sides = await interleave(async (resources) => ({
      many: await side(resources, many),
      few: await side(resources, few),
    }));
    return [
      {
        ...byRate(sides.many, sides.few),
        work: `\`GET /api/users/me/\` among ${large.toLocaleString('en-US')} people, credentials of all kinds`,
        against: `itself among ${few.people.toLocaleString('en-US')}`,
        target: { atLeast: 0.85 },
      },
    ];
  },
};

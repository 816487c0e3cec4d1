import { PeopleAndDefinitions } from './0001-people-and-definitions.ts';
import { Review } from './0002-review.ts';
import { EndedSessions } from './0003-ended-sessions.ts';
import { LabComputers } from './0004-lab-computers.ts';
import { Identities } from './0005-identities.ts';
import { Sync } from './0006-sync.ts';
import { NotesOfHeads } from './0007-notes-of-heads.ts';
import { ShortHashes } from './0008-short-hashes.ts';
import { OneTimePasswords } from './0009-one-time-passwords.ts';
import { DoneOnce } from './0010-done-once.ts';
import { LabsOfMergeRequests } from './0011-labs-of-merge-requests.ts';
import { LandedUnder } from './0012-landed-under.ts';
import { OneAccountAnAddress } from './0013-one-account-an-address.ts';
import { PublicDefinitions } from './0014-public-definitions.ts';
import { Permissions } from './0015-permissions.ts';
import { SignedLists } from './0016-signed-lists.ts';
import { InstrumentsInLists } from './0017-instruments-in-lists.ts';
import { Mailboxes } from './0018-mailboxes.ts';
import { Followers } from './0019-followers.ts';
import { RankedSearch } from './0020-ranked-search.ts';
import { UnauditedChanges } from './0021-unaudited-changes.ts';
import { NumberedStamps } from './0022-numbered-stamps.ts';

/** Every migration, oldest first. A released migration is never edited; add a new one instead. */
export const migrations = [
  { name: '0001-people-and-definitions', class: PeopleAndDefinitions },
  { name: '0002-review', class: Review },
  { name: '0003-ended-sessions', class: EndedSessions },
  { name: '0004-lab-computers', class: LabComputers },
  { name: '0005-identities', class: Identities },
  { name: '0006-sync', class: Sync },
  { name: '0007-notes-of-heads', class: NotesOfHeads },
  { name: '0008-short-hashes', class: ShortHashes },
  { name: '0009-one-time-passwords', class: OneTimePasswords },
  { name: '0010-done-once', class: DoneOnce },
  { name: '0011-labs-of-merge-requests', class: LabsOfMergeRequests },
  { name: '0012-landed-under', class: LandedUnder },
  { name: '0013-one-account-an-address', class: OneAccountAnAddress },
  { name: '0014-public-definitions', class: PublicDefinitions },
  { name: '0015-permissions', class: Permissions },
  { name: '0016-signed-lists', class: SignedLists },
  { name: '0017-instruments-in-lists', class: InstrumentsInLists },
  { name: '0018-mailboxes', class: Mailboxes },
  { name: '0019-followers', class: Followers },
  { name: '0020-ranked-search', class: RankedSearch },
  { name: '0021-unaudited-changes', class: UnauditedChanges },
  { name: '0022-numbered-stamps', class: NumberedStamps },
];

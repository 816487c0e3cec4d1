import { AuditEvent } from './audit-event.ts';
import { Computer, EnrolmentCode } from './computer.ts';
import { ComputerBinding } from './computer-binding.ts';
import { Definition } from './definition.ts';
import { DoneOnce } from './done-once.ts';
import { EndedSession } from './ended-session.ts';
import { Follower } from './follower.ts';
import { Identity } from './identity.ts';
import { Instrument } from './instrument.ts';
import { Lab } from './lab.ts';
import { Membership } from './membership.ts';
import { MergeRequest } from './merge-request.ts';
import { RegistryIdentity } from './registry-identity.ts';
import { Check, Comment, MergeRequestHead, Review } from './review.ts';
import { Installation, Report, SyncStamp } from './sync.ts';
import { TestResult } from './test-result.ts';
import { Timeline } from './timeline.ts';
import { Token } from './token.ts';
import { User } from './user.ts';
import { Version } from './version.ts';

/**
 * All entities. Each entity comes after those to which its foreign keys refer, so that tables can be created in this
 * order.
 */
export const entities = [
  RegistryIdentity,
  User,
  EndedSession,
  Identity,
  Token,
  Lab,
  Membership,
  Definition,
  Version,
  MergeRequest,
  MergeRequestHead,
  Review,
  Comment,
  Instrument,
  Computer,
  Check,
  TestResult,
  EnrolmentCode,
  ComputerBinding,
  SyncStamp,
  Report,
  Installation,
  AuditEvent,
  DoneOnce,
  Timeline,
  Follower,
];

export type { InstrumentStatus } from './instrument.ts';
export type { Role } from './membership.ts';
export type { MergeRequestState } from './merge-request.ts';
export type { Edits } from './review.ts';
export type { TestedKinds } from './test-result.ts';
export type { TokenScope } from './token.ts';
export {
  AuditEvent,
  Check,
  Comment,
  Computer,
  ComputerBinding,
  Definition,
  DoneOnce,
  EndedSession,
  EnrolmentCode,
  Follower,
  Identity,
  Installation,
  Instrument,
  Lab,
  Membership,
  MergeRequest,
  MergeRequestHead,
  RegistryIdentity,
  Report,
  Review,
  SyncStamp,
  TestResult,
  Timeline,
  Token,
  User,
  Version,
};

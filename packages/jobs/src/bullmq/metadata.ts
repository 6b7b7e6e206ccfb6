import type { JobEnvelope } from '../envelope.ts';

/**
 * BullMQ keeps one text per job for telemetry (`opts.telemetry.metadata`). Ours holds the envelope
 * and, untouched, the text of the user's own telemetry.
 */
export interface JobMetadata {
  readonly envelope?: JobEnvelope | undefined;
  /** The text of the user's telemetry. */
  readonly telemetry?: string | undefined;
}

const KEY = 'switchyard';

/**
 * The one text for both. Without the user's own it is short and has no quotes, because a queue
 * writes it into JSON and carries it with each job, twice: `switchyard:1:main:us3:7:t_5`.
 */
export function writeMetadata({ envelope, telemetry }: JobMetadata): string {
  if (envelope === undefined) return telemetry ?? '';
  if (telemetry === undefined) return shortText(envelope) ?? JSON.stringify({ [KEY]: envelope });
  return JSON.stringify({ [KEY]: envelope, telemetry });
}

/** Fleet and shard have no separator in them; the last part may have any characters. */
const NAME = /^[\w-]+$/;

/** Undefined for an envelope that needs the long form, because the short form would be ambiguous. */
function shortText({ v, fleet, shard, tenant, epoch, place }: JobEnvelope): string | undefined {
  if (!NAME.test(fleet)) return undefined;
  if (v === 2) return place === undefined ? `${KEY}:2:${fleet}` : `${KEY}:2:${fleet}:${place}`;
  if (v !== 1 || (tenant === undefined && epoch !== undefined)) return undefined;
  if (shard === undefined) return tenant === undefined ? `${KEY}:1:${fleet}` : undefined;
  if (!NAME.test(shard)) return undefined;
  if (tenant === undefined) return `${KEY}:1:${fleet}:${shard}`;
  if (epoch === undefined) return `${KEY}:1:${fleet}:${shard}::${tenant}`;
  return Number.isSafeInteger(epoch) && epoch > 0
    ? `${KEY}:1:${fleet}:${shard}:${epoch}:${tenant}`
    : undefined;
}

const VERSION = /^switchyard:(\d{1,9})(?!\d)/;
const SHORT = /^switchyard:\d+:([\w-]+)(?::(.*))?$/s;
const SHORT_PLACE = /^([\w-]+)(?::([1-9]\d{0,15})?:(.*))?$/s;

/** Undefined for a text that `shortText` does not write. Of a newer version only the number is read. */
function readShort(text: string): JobEnvelope | undefined {
  const v = Number(VERSION.exec(text)?.[1]);
  if (v > 2) return { v, fleet: '' };
  const [, fleet, place] = SHORT.exec(text) ?? [];
  if (fleet === undefined || v < 1) return undefined;
  if (place === undefined) return { v, fleet };
  if (v === 2) return { v, fleet, place };
  const [, shard, epoch, tenant] = SHORT_PLACE.exec(place) ?? [];
  if (shard === undefined) return undefined;
  if (tenant === undefined) return { v, fleet, shard };
  return epoch === undefined
    ? { v, fleet, shard, tenant }
    : { v, fleet, shard, tenant, epoch: Number(epoch) };
}

/**
 * Splits a text of `writeMetadata`. Any other text is the user's telemetry. A value that is not text
 * is damaged and is ignored: an error thrown here, in telemetry, would end BullMQ's loop.
 */
export function readMetadata(text: unknown): JobMetadata {
  if (typeof text !== 'string' || text === '') return {};
  return parse(text) ?? { telemetry: text };
}

function parse(text: string): JobMetadata | undefined {
  if (text.startsWith(`${KEY}:`)) {
    const envelope = readShort(text);
    return envelope === undefined ? undefined : { envelope };
  }
  if (!text.startsWith(`{"${KEY}":`)) return undefined;
  try {
    const { [KEY]: envelope, telemetry } = JSON.parse(text) as Record<string, unknown>;
    // A value that is no object is kept as an envelope, so that reading it fails by name.
    return {
      envelope: Object(envelope) as JobEnvelope,
      telemetry: typeof telemetry === 'string' ? telemetry : undefined,
    };
  } catch {
    return undefined;
  }
}

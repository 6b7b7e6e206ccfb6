import type { Frame } from '@switchyard/shard-context';
import { runInFrame } from '@switchyard/shard-context/internal';
import type { ReadStream } from 'typeorm/platform/PlatformTools.js';

type Emission = [event: string | symbol, ...args: unknown[]];

/** A socket's events run in no one's context; listeners of this stream run in `frame`. */
export function boundStream(stream: ReadStream, frame: Frame | undefined): ReadStream {
  const emit = stream.emit.bind(stream) as typeof stream.emit;
  stream.emit = ((...event: Emission) => runInFrame(frame, () => emit(...event))) as never;
  return stream;
}

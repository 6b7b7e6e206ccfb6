import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SwitchyardError } from '../errors.ts';
import {
  forgetBody,
  problemHeaders,
  problemOf,
  type HeaderBearer,
  type Problem,
} from '../http/index.ts';

/**
 * Nest exception filter: answers errors of Switchyard with a problem (503 where a retry may succeed,
 * 500 otherwise). It does not handle other errors.
 *
 * ```ts
 * providers: [{ provide: APP_FILTER, useClass: ShardExceptionFilter }]
 * ```
 */
@Catch(SwitchyardError)
export class ShardExceptionFilter implements ExceptionFilter<SwitchyardError> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  /** Called by Nest. */
  catch(error: SwitchyardError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const problem = problemOf(error) as Problem;
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.#host;
    if (!httpAdapter.isHeadersSent(response)) forgetBody(response as HeaderBearer);
    for (const [name, value] of Object.entries(problemHeaders(problem))) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import { freePort } from './free-port.ts';
import type { ServerControl } from './program.ts';

/** What runs in a container. The host's port is fixed, so that a restart finds the same address. */
export interface ContainerLaunch {
  readonly label: string;
  readonly image: string;
  /** The port inside the container. */
  readonly port: number;
  readonly env?: Record<string, string>;
  readonly command?: readonly string[];
  readonly isReady: (port: number) => Promise<boolean>;
}

const START_WITHIN_MS = 120_000;

/** A server in a container of its own; testcontainers removes it when this process is gone. */
export class ContainerServer implements ServerControl {
  readonly pid = undefined;
  readonly hostPort: number;
  readonly #launch: ContainerLaunch;
  readonly #container: StartedTestContainer;

  private constructor(launch: ContainerLaunch, container: StartedTestContainer, hostPort: number) {
    this.#launch = launch;
    this.#container = container;
    this.hostPort = hostPort;
  }

  static async start(launch: ContainerLaunch): Promise<ContainerServer> {
    const { GenericContainer } = await import('testcontainers');
    const hostPort = await freePort();
    let container = new GenericContainer(launch.image)
      .withExposedPorts({ container: launch.port, host: hostPort })
      .withEnvironment({ ...launch.env });
    if (launch.command !== undefined) container = container.withCommand([...launch.command]);
    const server = new ContainerServer(launch, await container.start(), hostPort);
    await server.#ready();
    return server;
  }

  async kill(): Promise<void> {
    await (await this.#handle()).kill({ signal: 'SIGKILL' });
  }

  async shutdown(): Promise<void> {
    await (await this.#handle()).stop();
  }

  async restart(): Promise<void> {
    const handle = await this.#handle();
    const { State } = await handle.inspect();
    if (State.Running) await handle.stop();
    await handle.start();
    await this.#ready();
  }

  async pause(): Promise<void> {
    await (await this.#handle()).pause();
  }

  async resume(): Promise<void> {
    await (await this.#handle()).unpause();
  }

  async stop(): Promise<void> {
    await this.#container.stop({ timeout: 0 });
  }

  async #handle() {
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).container.getById(this.#container.getId());
  }

  async #ready(): Promise<void> {
    const until = Date.now() + START_WITHIN_MS;
    while (!(await this.#launch.isReady(this.hostPort).catch(() => false))) {
      if (Date.now() > until) throw new Error(`${this.#launch.label} does not answer`);
      await sleep(100);
    }
  }
}

import { Body, Controller, Get, Inject, Post } from '@nestjs/common';
import { AccountsService } from './accounts.service.ts';

/** The service over HTTP. Which shard serves a request is decided before it gets here. */
@Controller()
export class AccountsController {
  readonly #accounts: AccountsService;

  constructor(@Inject(AccountsService) accounts: AccountsService) {
    this.#accounts = accounts;
  }

  @Get('accounts')
  async list(): Promise<string[]> {
    return (await this.#accounts.list()).map(({ name }) => name);
  }

  @Post('accounts')
  async add(@Body() body: { name: string }): Promise<{ id: string; tenantId: string }> {
    const { id, tenantId } = await this.#accounts.add(body.name);
    return { id, tenantId };
  }

  @Get('audit')
  async audit(): Promise<string[]> {
    return (await this.#accounts.audit()).map(({ what }) => what);
  }
}

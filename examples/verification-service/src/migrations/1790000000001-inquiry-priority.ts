import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A column for the reviewers' order of work, and the index by which they read it. */
export class InquiryPriority1790000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE inquiry ADD COLUMN priority tinyint NOT NULL DEFAULT 0,
        ADD INDEX inquiry_queue (tenant_id, status, created_at)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE inquiry DROP INDEX inquiry_queue, DROP COLUMN priority`);
  }
}

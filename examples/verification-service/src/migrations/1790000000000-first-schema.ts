import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables as the service starts with them. */
export class FirstSchema1790000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE account (
      id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
      tenant_id varchar(64) NOT NULL,
      reference varchar(64) NOT NULL,
      inquiry_count int NOT NULL DEFAULT 0,
      UNIQUE KEY account_of_tenant (tenant_id, reference)
    ) ENGINE=InnoDB`);
    await queryRunner.query(`CREATE TABLE inquiry (
      id char(36) NOT NULL PRIMARY KEY,
      tenant_id varchar(64) NOT NULL,
      account_id bigint NOT NULL,
      status varchar(16) NOT NULL DEFAULT 'created',
      verifications int NOT NULL DEFAULT 0,
      created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      KEY inquiry_account (account_id)
    ) ENGINE=InnoDB`);
    await queryRunner.query(`CREATE TABLE document (
      id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
      tenant_id varchar(64) NOT NULL,
      inquiry_id char(36) NOT NULL,
      file_key varchar(128) NOT NULL,
      file_type varchar(64) NOT NULL,
      file_bytes bigint NOT NULL,
      CONSTRAINT document_inquiry FOREIGN KEY (inquiry_id) REFERENCES inquiry (id)
    ) ENGINE=InnoDB`);
    await queryRunner.query(
      `CREATE TABLE template (id int NOT NULL PRIMARY KEY, text varchar(64) NOT NULL) ENGINE=InnoDB`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['template', 'document', 'inquiry', 'account']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

/**
 * The events of planning a fleet. `planning` comes once per migration and shard that is
 * recorded; a shard that is like one before it is planned by a few reads and has no such line.
 */
export type PlanningEvent =
  | {
      readonly event: 'planning-started';
      readonly shard: string;
      /** How many migrations are pending there. */
      readonly migrations: number;
    }
  | {
      readonly event: 'planning';
      readonly shard: string;
      readonly migration: string;
      readonly number: number;
      readonly of: number;
    };

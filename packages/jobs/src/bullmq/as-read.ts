import { createHash } from 'node:crypto';

/** SHA-256 of the methods of BullMQ 6.0.0 to 6.7.0 that we go round, CommonJS and ESM. */
const READ: ReadonlySet<string> = new Set([
  // Queue.add
  '164ea378a662948bf5607d9411a884ef2184b238345ff968421b234fcd334271',
  '51aed1812865229dd8cd204543b06ebdc038c9ecf18d8828eec7adfb5eec748a',
  // Queue.addJob
  '0eb911ffba5f00706f58d86d1f49166273fb241ac124a2be3826a0a07aed8080',
  // QueueBase.trace
  '3aa8077b1aa38388c1cebf917458723be8735796d1018cc5f57194ac9c93a533',
  'b3a65e3518baa484454e1904202f9394658dbae5d27a18495878e69487b08651',
  // Worker.nextJobFromJobData
  'c01c17079e96102479dc2bc7ed312fca538ec0081c97b02eb0af04727f51c472',
  '4f8002851ab09d04e11db3bd6132a9873f59717305bb91ca3f96052d0be43ee3',
]);

const judged = new Map<unknown, boolean>();

/**
 * True for a method of BullMQ that says, to the letter, what it said when we read it and found out
 * what may be left out of it. A newer release may do more there, and so does a monitoring agent that
 * has put its own in its place: such a method is called, because nobody knows what going round it
 * would lose.
 */
export function isAsRead(method: unknown): boolean {
  let answer = judged.get(method);
  if (answer === undefined) {
    answer = READ.has(createHash('sha256').update(String(method)).digest('hex'));
    judged.set(method, answer);
  }
  return answer;
}

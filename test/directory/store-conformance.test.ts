import { storeConformance } from './conformance.ts';
import { STORES } from './stores.ts';

for (const store of STORES) await storeConformance(store);

// node audit.mjs URL: what the server does otherwise than GraphQL over HTTP asks, then as JSON how many audits hold.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
let held = 0;
for (const audit of audits) {
  let found;
  try {
    found = await audit.fn();
  } catch (error) {
    found = { status: 'error', reason: String(error) };
  }
  if (found.status === 'ok') {
    held += 1;
  } else {
    console.log(`${found.status} ${audit.id} ${audit.name}: ${found.reason}`);
  }
}
console.log(JSON.stringify({ held, audits: audits.length }));

// Variables of Twilio Functions by the unmodified library. Only the host of each request is put right: the library knows one alone.
// Prints one JSON object; the test asserts on it.
const twilio = require('twilio');
const [stand, service, environment] = process.argv.slice(2);
const sid = process.env.TWILIO_ACCOUNT_SID;
const carrier = new twilio.RequestClient();
const httpClient = { request: (o) => carrier.request({ ...o, uri: o.uri.replace('https://serverless.twilio.com', stand) }) };
const client = (token) => twilio(sid, token, { httpClient });
const at = (token, sv = service, env = environment) => client(token).serverless.v1.services(sv).environments(env).variables;
const refusal = async (call) => {
  try { await call(); return null; } catch (e) { return { name: e.constructor.name, status: e.status, code: e.code }; }
};
const plain = (v) => ({ sid: v.sid, key: v.key, value: v.value });

(async () => {
  const token = process.env.TWILIO_AUTH_TOKEN;
  const variables = at(token);
  const seen = { list: (await variables.list({ pageSize: 2 })).map(plain) };
  if (process.env.ONLY_LIST) { console.log(JSON.stringify(seen)); return; }
  seen.environments = (await client(token).serverless.v1.services(service).environments.list()).map((e) => e.uniqueName);
  const made = await variables.create({ key: 'MADE', value: 'one' });
  seen.created = { ...plain(made), date: made.dateCreated.toISOString(), url: made.url };
  seen.updated = plain(await client(token).serverless.v1.services(service).environments(environment).variables(made.sid).update({ value: 'two' }));
  seen.fetched = plain(await client(token).serverless.v1.services(service).environments(environment).variables(made.sid).fetch());
  seen.twice = await refusal(() => variables.create({ key: 'MADE', value: 'one' }));
  seen.tooLong = await refusal(() => variables.create({ key: 'LONG', value: 'x'.repeat(451) }));
  seen.removed = await client(token).serverless.v1.services(service).environments(environment).variables(made.sid).remove();
  seen.gone = await refusal(() => client(token).serverless.v1.services(service).environments(environment).variables(made.sid).fetch());
  seen.wrongToken = await refusal(() => at('0'.repeat(32)).list());
  seen.noService = await refusal(() => at(token, 'ZS' + 'f'.repeat(32)).list());
  console.log(JSON.stringify(seen));
})().catch((e) => { console.error(e.constructor.name, e.status, e.code, e.message); process.exit(1); });

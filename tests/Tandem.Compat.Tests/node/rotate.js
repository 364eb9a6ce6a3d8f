// The whole scenario with the unmodified library: create, promote, create, delete, and the retired token refused.
// Prints one JSON object; the test asserts on it.
const twilio = require('twilio');
const sid = process.env.TWILIO_ACCOUNT_SID;
const client = (token) => twilio(sid, token);
const refusal = async (call) => {
  try { await call(); return null; } catch (e) { return { name: e.constructor.name, status: e.status, code: e.code, message: e.message }; }
};

(async () => {
  const first = process.env.TWILIO_AUTH_TOKEN;
  const seen = {};
  const created = await client(first).accounts.v1.secondaryAuthToken().create();
  seen.created = { sid: created.accountSid, created: created.dateCreated.toISOString(), url: created.url };
  seen.secondCreate = await refusal(() => client(first).accounts.v1.secondaryAuthToken().create());
  const promoted = await client(first).accounts.v1.authTokenPromotion().update();
  seen.promoted = { same: promoted.authToken === created.secondaryAuthToken, updated: promoted.dateUpdated.toISOString(), url: promoted.url };
  seen.old = await refusal(() => client(first).api.v2010.accounts(sid).fetch());
  const account = await client(promoted.authToken).api.v2010.accounts(sid).fetch();
  seen.account = { sid: account.sid, status: account.status, primary: account.authToken === promoted.authToken, created: account.dateCreated.toISOString() };
  const again = await client(promoted.authToken).accounts.v1.secondaryAuthToken().create();
  seen.both = (await client(again.secondaryAuthToken).api.v2010.accounts(sid).fetch()).sid === sid;
  seen.deleted = await client(promoted.authToken).accounts.v1.secondaryAuthToken().remove();
  seen.secondDelete = await refusal(() => client(promoted.authToken).accounts.v1.secondaryAuthToken().remove());
  seen.secondary = await refusal(() => client(again.secondaryAuthToken).api.v2010.accounts(sid).fetch());
  await client(promoted.authToken).api.v2010.accounts.create({ friendlyName: 'from node' });
  seen.accounts = (await client(promoted.authToken).api.v2010.accounts.list({ pageSize: 1 })).map((a) => a.friendlyName);
  console.log(JSON.stringify(seen));
})().catch((e) => { console.error(e.constructor.name, e.status, e.code, e.message); process.exit(1); });

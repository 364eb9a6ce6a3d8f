// Reads [{token, url, params, body, ours}] and answers, for each, Twilio's own signature and whether it takes ours.
const { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } = require('twilio/lib/webhooks/webhooks');

const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(cases.map(c => ({
  signature: getExpectedTwilioSignature(c.token, c.url, c.body === null ? c.params : {}),
  accepted: c.body === null ? validateRequest(c.token, c.ours, c.url, c.params) : validateRequestWithBody(c.token, c.ours, c.url, c.body),
}))));

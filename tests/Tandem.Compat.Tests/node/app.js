// A service as people have them: it calls an API with the credential in its env file, several calls at a time, and reads
// the file again when it changes. Ends with standard input, and prints how its calls fared; never its token.
const fs = require('fs');
const path = require('path');
const [file, api] = process.argv.slice(2);

let authorization;
const load = () => {
  const lines = fs.readFileSync(file, 'utf8').split('\n').map((line) => line.match(/^(\w+)=(.*)$/)).filter(Boolean);
  const env = Object.fromEntries(lines.map(([, key, value]) => [key, value]));
  authorization = 'Basic ' + Buffer.from(`${env.TWILIO_ACCOUNT_SID}:${env.TWILIO_AUTH_TOKEN}`).toString('base64');
};
load();
const watcher = fs.watch(path.dirname(file), (_, name) => { if (name === path.basename(file)) load(); });

const seen = { statuses: {}, slots: {} };
const count = (what, key) => { what[key] = (what[key] ?? 0) + 1; };
let ended = false;
const work = async () => {
  while (!ended) {
    try {
      const answer = await fetch(api, { headers: { authorization } });
      count(seen.statuses, answer.status);
      count(seen.slots, (await answer.text()).split(' ')[1]);
    } catch (e) {
      count(seen.statuses, e.cause?.code ?? e.name);
    }
    await new Promise((done) => setTimeout(done, 5));
  }
};
process.stdin.resume().on('end', () => { ended = true; watcher.close(); });
Promise.all([work(), work(), work(), work()]).then(() => console.log(JSON.stringify(seen)));

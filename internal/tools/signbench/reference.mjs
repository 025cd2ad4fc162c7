// Signs one document again and again with the reference stack and prints how many a CPU second it signs.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

// The libraries are those of the interoperability tests.
const require = createRequire(new URL('../../openbadge/interop/package.json', import.meta.url));
const load = async name => import(pathToFileURL(require.resolve(name)).href);
const {DataIntegrityProof} = await load('@digitalbazaar/data-integrity');
const Ed25519Multikey = await load('@digitalbazaar/ed25519-multikey');
const jcs = await load('@digitalbazaar/eddsa-jcs-2022-cryptosuite');
const {cryptosuite: rdfc} = await load('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
const vc = await load('@digitalbazaar/vc');

const {document, contexts, suites, count} = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = async url => {
  if (!contexts[url]) throw new Error(`asked for ${url}`);
  return {contextUrl: null, documentUrl: url, document: contexts[url]};
};
const pair = await Ed25519Multikey.generate();
pair.controller = document.issuer.id;
pair.id = `${pair.controller}#${pair.publicKeyMultibase}`;
const suite = suites.map(name => new DataIntegrityProof({
  signer: pair.signer(), cryptosuite: name === 'eddsa-rdfc-2022' ? rdfc : jcs.createSignCryptosuite(),
}));

const sign = async () => {
  let signed = structuredClone(document);
  for (const one of suite) {
    signed = await vc.issue({credential: signed, suite: one, documentLoader});
  }
};
for (let i = 0; i < Math.min(50, count); i++) await sign(); // for its compiler
const before = process.cpuUsage();
for (let i = 0; i < count; i++) await sign();
const {user, system} = process.cpuUsage(before);
console.log(count / ((user + system) / 1e6));

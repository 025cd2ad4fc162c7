// Verifies what the server gave, with libraries that others wrote. It comes in on standard input, so that the libraries are
// those of the working directory; VERIFIER_IN names the file with what to verify.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import * as jose from 'jose';

const {contexts, didDocument, keys, now, credential, badgeJWT, vcJWT, stranger} = JSON.parse(await readFile(process.env.VERIFIER_IN, 'utf8'));

async function documentLoader(url) {
  const method = didDocument.verificationMethod.find(({id}) => id === url);
  const document = contexts[url] ?? (url === didDocument.id ? didDocument : method && {'@context': 'https://w3id.org/security/multikey/v1', ...method});
  assert.ok(document, `asked for ${url}`);
  return {contextUrl: null, documentUrl: url, document};
}

const verify = (shown) => vc.verifyCredential({
  credential: shown,
  suite: [new DataIntegrityProof({cryptosuite: rdfc}), new DataIntegrityProof({cryptosuite: jcs.createVerifyCryptosuite()})],
  documentLoader,
  checkStatus: async () => ({verified: true}), // the lists have tests of their own
  now: new Date(now),
});
const result = await verify(credential);
assert.equal(result.verified, true, JSON.stringify(result.error?.errors ?? result.error));
assert.equal(result.results.length, [credential.proof].flat().length);
for (const change of [(subject) => (subject.achievement.name = 'Another'), (subject) => (subject.creditsEarned += 3), (subject) => (subject.id = stranger)]) {
  const changed = structuredClone(credential);
  change(changed.credentialSubject);
  assert.equal((await verify(changed)).verified, false);
}

const options = {algorithms: ['ES256'], currentDate: new Date(now)};
const badge = await jose.jwtVerify(badgeJWT, await jose.importJWK(keys[jose.decodeProtectedHeader(badgeJWT).kid]), {...options, typ: 'JWT', issuer: didDocument.id});
assert.equal(badge.payload.jti, credential.id);
assert.equal(badge.payload.sub, credential.credentialSubject.id);
const {kid} = jose.decodeProtectedHeader(vcJWT);
const {publicKeyJwk} = didDocument.verificationMethod.find(({id}) => id === kid);
const {payload} = await jose.jwtVerify(vcJWT, await jose.importJWK(publicKeyJwk), {...options, typ: 'vc+jwt'});
assert.equal(payload.id, credential.id);
console.log('verified');

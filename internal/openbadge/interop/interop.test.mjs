// Verifies the documents that a test of Go hands over in INTEROP_IN, and writes some of its own for it
// to INTEROP_OUT.
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import {after, test} from 'node:test';

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import * as jose from 'jose';

const given = JSON.parse(await readFile(process.env.INTEROP_IN, 'utf8'));
const made = {};
after(() => writeFile(process.env.INTEROP_OUT, JSON.stringify(made)));

// The key of this side is its own issuer and holder, by did:key.
const pair = await Ed25519Multikey.generate();
pair.controller = `did:key:${pair.publicKeyMultibase}`;
pair.id = `${pair.controller}#${pair.publicKeyMultibase}`;

const didContext = 'https://www.w3.org/ns/did/v1';
const didKey = {
  '@context': [didContext, 'https://w3id.org/security/multikey/v1'],
  id: pair.controller,
  verificationMethod: [{id: pair.id, type: 'Multikey', controller: pair.controller, publicKeyMultibase: pair.publicKeyMultibase}],
  assertionMethod: [pair.id],
  authentication: [pair.id],
};

async function documentLoader(url) {
  const document = given.contexts[url] ?? resolve(url);
  if (!document) {
    throw new Error(`asked for ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

function resolve(url) {
  for (const document of [given.didDocument, didKey]) {
    if (url === document.id) {
      return document;
    }
    const method = document.verificationMethod.find(({id}) => id === url);
    if (method) {
      return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
    }
  }
}

const verifiers = () => [
  new DataIntegrityProof({cryptosuite: rdfc}),
  new DataIntegrityProof({cryptosuite: jcs.createVerifyCryptosuite()}),
];

for (const [name, credential] of Object.entries(given.credentials)) {
  test(`embedded proofs: ${name}`, async () => {
    const result = await vc.verifyCredential({credential, suite: verifiers(), documentLoader});
    assert.equal(result.verified, true, JSON.stringify(result.error?.errors ?? result.error));
    assert.equal(result.results.length, [credential.proof].flat().length);
    const changed = structuredClone(credential);
    changed.credentialSubject.achievement.name = 'Another';
    const refused = await vc.verifyCredential({credential: changed, suite: verifiers(), documentLoader});
    assert.equal(refused.verified, false);
  });
}

test('JWT of Open Badges', async () => {
  const set = jose.createLocalJWKSet(given.jwks);
  const {kid} = jose.decodeProtectedHeader(given.openBadgeJWT);
  const key = await jose.importJWK(given.keys[kid]);
  const {payload} = await jose.jwtVerify(given.openBadgeJWT, key, {algorithms: ['ES256'], typ: 'JWT', issuer: given.didDocument.id});
  assert.equal(payload.jti, payload.id);
  assert.equal(payload.sub, payload.credentialSubject.id);
  // The set has the same key by its bare id.
  const id = kid.slice(kid.lastIndexOf('/') + 1);
  assert.ok(await set({alg: 'ES256', kid: id}));
});

for (const token of given.vcJWTs) {
  const {alg, kid} = jose.decodeProtectedHeader(token);
  test(`vc+jwt with ${alg}`, async () => {
    const method = resolve(kid);
    const jwk = method.publicKeyJwk ?? given.jwks.keys.find((key) => `${given.didDocument.id}#${key.kid}` === kid);
    const {payload} = await jose.jwtVerify(token, await jose.importJWK(jwk), {algorithms: [alg], typ: 'vc+jwt'});
    assert.equal(payload.issuer.id, given.didDocument.id);
  });
}

function credential() {
  const own = structuredClone(given.unsigned);
  own.issuer.id = pair.controller;
  return own;
}

const signers = {
  'eddsa-rdfc-2022': () => rdfc,
  'eddsa-jcs-2022': () => jcs.createSignCryptosuite(),
};

test('embedded proofs of this side', async () => {
  made.credentials = {};
  for (const [name, cryptosuite] of Object.entries(signers)) {
    const suite = new DataIntegrityProof({signer: pair.signer(), cryptosuite: cryptosuite()});
    made.credentials[name] = await vc.issue({credential: credential(), suite, documentLoader});
  }
});

test('presentation of this side', async () => {
  const suite = new DataIntegrityProof({signer: pair.signer(), cryptosuite: rdfc});
  const presentation = vc.createPresentation({verifiableCredential: [given.credentials.set], holder: pair.controller});
  made.presentation = await vc.signPresentation({
    presentation, suite, challenge: 'c1', domain: 'verifier.example', documentLoader,
  });
});

test('vc+jwt of this side', async () => {
  const jwk = await Ed25519Multikey.toJwk({keyPair: pair});
  jwk.d = jose.base64url.encode(pair.secretKey.subarray(0, 32)); // the rest is the public key again
  made.vcJWT = await new jose.SignJWT(credential())
    .setProtectedHeader({alg: 'EdDSA', typ: 'vc+jwt', cty: 'vc', kid: pair.id})
    .sign(await jose.importJWK(jwk, 'EdDSA'));
});

// Verifies every credential that the server gave, in every form, with libraries that others wrote; and that what was done to
// some of them is found. It comes in on standard input, so that the libraries are those of the working directory; VERIFIER_IN
// names the file with what to verify.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {gunzipSync} from 'node:zlib';

import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import * as jose from 'jose';

const {contexts, didDocument, keys, now, lists, listsAfterwards, credentials, samples} = JSON.parse(await readFile(process.env.VERIFIER_IN, 'utf8'));

const suite = [new DataIntegrityProof({cryptosuite: rdfc}), new DataIntegrityProof({cryptosuite: jcs.createVerifyCryptosuite()})];

// strangers have the issuer's DID document with other keys in it.
const strangers = structuredClone(didDocument);
const {publicKey} = await jose.generateKeyPair('ES256', {extractable: true});
for (const method of strangers.verificationMethod) {
  if (method.publicKeyJwk) method.publicKeyJwk = await jose.exportJWK(publicKey);
  else method.publicKeyMultibase = 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
}

const loader = (identity) => async (url) => {
  const method = identity.verificationMethod.find(({id}) => id === url);
  const document = contexts[url] ?? (url === identity.id ? identity : method && {'@context': 'https://w3id.org/security/multikey/v1', ...method});
  assert.ok(document, `asked for ${url}`);
  return {contextUrl: null, documentUrl: url, document};
};

// notSet checks a status list, as the Bitstring Status List has it: the list's own signature, then the bit.
const decoded = new Map();
async function notSet(published, entry) {
  const list = published[entry.statusListCredential];
  assert.ok(list, `asked for ${entry.statusListCredential}`);
  if (!decoded.has(list)) {
    const result = await vc.verifyCredential({credential: list, suite, documentLoader: loader(didDocument), now: new Date(now)});
    assert.equal(result.verified, true, `the list: ${JSON.stringify(result.error?.errors ?? result.error)}`);
    decoded.set(list, gunzipSync(Buffer.from(list.credentialSubject.encodedList.slice(1), 'base64url')));
  }
  assert.equal(list.credentialSubject.statusPurpose, entry.statusPurpose);
  const at = Number(entry.statusListIndex);
  return (decoded.get(list)[at >> 3] & (0x80 >> (at & 7))) === 0;
}

const statuses = async (published, credential) => (await Promise.all([credential.credentialStatus].flat().map((entry) => notSet(published, entry)))).every(Boolean);

// The four ways in which a credential can be shown: each is true when it counts.
async function json(credential, {at = now, identity = didDocument, published = lists} = {}) {
  const result = await vc.verifyCredential({
    credential, suite, documentLoader: loader(identity), now: new Date(at),
    checkStatus: async ({credential: shown}) => ({verified: await statuses(published, shown)}),
  });
  if (result.verified) assert.equal(result.results.length, [credential.proof].flat().length);
  return result.verified;
}

async function jwt(token, typ, {at = now, identity = didDocument, published = lists} = {}) {
  try {
    const {kid} = jose.decodeProtectedHeader(token);
    const jwk = typ === 'JWT' && identity === didDocument ? keys[kid] : identity.verificationMethod.find(({id}) => id.split('#')[1] === kid.split(/[#/]/).pop())?.publicKeyJwk;
    assert.ok(jwk, `no key ${kid}`);
    const {payload} = await jose.jwtVerify(token, await jose.importJWK(jwk, 'ES256'), {algorithms: ['ES256'], currentDate: new Date(at), typ});
    assert.equal(payload.issuer.id, didDocument.id);
    if (typ === 'JWT') assert.deepEqual([payload.iss, payload.jti], [payload.issuer.id, payload.id]);
    return new Date(at) >= new Date(payload.validFrom) && (await statuses(published, payload));
  } catch (error) {
    if (error instanceof jose.errors.JOSEError) return false;
    throw error;
  }
}

// record is a learner record: itself, and each credential in it.
async function record(token, how) {
  if (!(await jwt(token, 'JWT', how))) return false;
  const nested = jose.decodeJwt(token).credentialSubject.verifiableCredential;
  assert.ok(nested.length > 0);
  return (await Promise.all(nested.map((credential) => json(credential, how)))).every(Boolean);
}

// What is baked into a picture, read as the standard says and no further.
function bakedInPNG(picture) {
  for (let at = 8; at < picture.length; at += 12 + picture.readUInt32BE(at)) {
    const data = picture.subarray(at + 8, at + 8 + picture.readUInt32BE(at));
    const flags = data.indexOf(0);
    if (picture.toString('latin1', at + 4, at + 8) === 'iTXt' && data.toString('latin1', 0, flags) === 'openbadgecredential') {
      assert.equal(data[flags + 1], 0, 'compressed');
      const language = data.indexOf(0, flags + 3);
      return data.toString('utf8', data.indexOf(0, language + 1) + 1);
    }
  }
  assert.fail('nothing is baked in');
}
const bakedInSVG = (text) => /<openbadges:credential[^>]*>\s*<!\[CDATA\[([^]*?)\]\]>/.exec(text)[1];

const forms = {
  json: (shown, how) => json(JSON.parse(shown.json), how),
  png: (shown, how) => json(JSON.parse(bakedInPNG(Buffer.from(shown.png, 'base64'))), how),
  svg: (shown, how) => json(JSON.parse(bakedInSVG(shown.svg)), how),
  badgeJWT: (shown, how) => jwt(shown.badgeJWT, 'JWT', how),
  vcJWT: (shown, how) => jwt(shown.vcJWT, 'vc+jwt', how),
  learnerRecord: (shown, how) => record(shown.learnerRecord, how),
};
const formsOf = (shown) => Object.keys(forms).filter((form) => shown[form]);

let accepted = 0;
for (const shown of credentials) {
  for (const form of formsOf(shown)) {
    assert.equal(await forms[form](shown), true, `${form} of ${shown.id}`);
    accepted += 1;
  }
}

// changed is what is shown with one letter of what it says another one.
function changed(shown, form) {
  const swapped = (text) => {
    assert.ok(text.includes('identityHash'), text.slice(0, 200));
    return text.replace(/(sha256\$)(.)/, (_, prefix, digit) => prefix + (digit === '0' ? '1' : '0'));
  };
  if (form === 'json' || form === 'svg') return {...shown, [form]: swapped(shown[form])};
  if (form === 'png') {
    const picture = Buffer.from(shown.png, 'base64');
    const at = picture.indexOf('sha256$') + 7;
    picture[at] = picture[at] === 0x30 ? 0x31 : 0x30; // the checksum of the chunk is nobody's concern here
    return {...shown, png: picture.toString('base64')};
  }
  const [header, payload, signature] = shown[form].split('.');
  const plain = swapped(Buffer.from(payload, 'base64url').toString());
  return {...shown, [form]: [header, Buffer.from(plain).toString('base64url'), signature].join('.')};
}

let refused = 0;
for (const shown of samples) {
  for (const form of formsOf(shown)) {
    for (const [what, result] of Object.entries({
      'one byte changed': forms[form](changed(shown, form)),
      'another key': forms[form](shown, {identity: strangers}),
      'before it counts': forms[form](shown, {at: shown.before}),
      'after its revocation': forms[form](shown, {published: listsAfterwards}),
    })) {
      assert.equal(await result, false, `${form} of ${shown.id}, ${what}`);
      refused += 1;
    }
  }
}
console.log(`accepted ${accepted}, refused ${refused}`);

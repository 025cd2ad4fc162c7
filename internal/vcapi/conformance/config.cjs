// What the suites of the W3C are told of the server that they test: BASE_URL and ISSUER are what vcapiserver prints. Suites
// find it as localConfig.cjs in their own folder.
const {BASE_URL, ISSUER} = process.env;

const issuer = (tag, options) => ({id: ISSUER, endpoint: `${BASE_URL}/credentials/issue`, tags: [tag], supports: {vc: ['2.0']}, options});
const verifier = (path, tags) => ({id: ISSUER, endpoint: `${BASE_URL}/${path}/verify`, tags});

module.exports = {
  settings: {enableInteropTests: false, testAllImplementations: false},
  implementations: [{
    name: 'btlc',
    implementation: 'btlc',
    issuers: [
      issuer('vc2.0', {cryptosuite: 'eddsa-rdfc-2022'}),
      issuer('EnvelopingProof', {mediaType: 'application/vc+jwt'}),
      issuer('eddsa-rdfc-2022', {cryptosuite: 'eddsa-rdfc-2022'}),
      issuer('eddsa-jcs-2022', {cryptosuite: 'eddsa-jcs-2022'}),
      issuer('BitstringStatusList', {
        cryptosuite: 'eddsa-rdfc-2022',
        credentialStatus: {type: 'BitstringStatusListEntry', statusPurpose: 'revocation'}
      })
    ],
    verifiers: [verifier('credentials', ['vc2.0', 'EnvelopingProof', 'eddsa-rdfc-2022', 'eddsa-jcs-2022', 'BitstringStatusList'])],
    vpVerifiers: [verifier('presentations', ['vc2.0', 'EnvelopingProof', 'BitstringStatusList'])],
    'jose-cose': {features: {credential_jose: true, presentation_jose: true}}
  }]
};

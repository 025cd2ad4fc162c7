// An OpenID provider for one test. Standard input brings a line of JSON: the issuer, the key to sign with (PKCS #8, PEM)
// and its id. File descriptor 3 is the socket that the issuer's address is bound to. "ready" on standard output says that
// it answers; it ends with standard input.
import { createPrivateKey } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

for await (const line of createInterface({ input: process.stdin })) {
  const { issuer, key, kid } = JSON.parse(line);
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...createPrivateKey(key).export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] },
    cookies: { keys: ["of a test"] },
    clients: [{
      client_id: "portal", application_type: "native", redirect_uris: ["http://127.0.0.1/signed-in"],
      token_endpoint_auth_method: "none", grant_types: ["authorization_code"], response_types: ["code"],
    }],
    // Whoever signs in is who they say they are: the login is the subject.
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: (_, token) => ({ name: `The one called ${token.accountId}` }),
    features: {
      // Access tokens are JWTs, made out to the service that the client asks a token for (RFC 8707, RFC 9068).
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({ audience, scope: "registry", accessTokenFormat: "jwt", accessTokenTTL: 300 }),
      },
    },
  });
  createServer(provider.callback()).listen({ fd: 3 }, () => console.log("ready"));
}
process.exit();

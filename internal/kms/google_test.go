package kms

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"

	google "cloud.google.com/go/kms/apiv1"
	"cloud.google.com/go/kms/apiv1/kmspb"
	"go.step.sm/crypto/kms/cloudkms"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/btlc/btlc/internal/openbadge"
)

// googleKMS is a service with the keys of Google Cloud KMS, by resource.
type googleKMS struct {
	kmspb.UnimplementedKeyManagementServiceServer
	keys map[string]crypto.Signer
}

func (g googleKMS) GetPublicKey(_ context.Context, request *kmspb.GetPublicKeyRequest) (*kmspb.PublicKey, error) {
	key, ok := g.keys[request.GetName()]
	if !ok {
		return nil, status.Error(codes.NotFound, "no such version")
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return &kmspb.PublicKey{Pem: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}, err
}

// AsymmetricSign signs data by Ed25519, and digests by ECDSA.
func (g googleKMS) AsymmetricSign(_ context.Context, request *kmspb.AsymmetricSignRequest) (*kmspb.AsymmetricSignResponse, error) {
	key := g.keys[request.GetName()]
	content, hash := request.GetDigest().GetSha256(), crypto.SHA256
	if _, ok := key.(ed25519.PrivateKey); ok {
		content, hash = request.GetData(), crypto.Hash(0)
	}
	if len(content) == 0 {
		return nil, status.Error(codes.InvalidArgument, "not for this key")
	}
	signature, err := key.Sign(rand.Reader, content, hash)
	return &kmspb.AsymmetricSignResponse{Signature: signature}, err
}

func TestGoogleSigns(t *testing.T) {
	const ring = "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/"
	server := grpc.NewServer()
	kmspb.RegisterKeyManagementServiceServer(server, googleKMS{keys: map[string]crypto.Signer{ring + "1": newEd25519(t), ring + "2": newECDSA(t, elliptic.P256())}})
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	connection := must(grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())))(t)
	client := must(google.NewKeyManagementClient(t.Context(), option.WithGRPCConn(connection)))(t)
	manager := cloudkms.NewCloudKMS(client)

	for version, algorithm := range map[string]openbadge.Algorithm{"1": openbadge.EdDSA, "2": openbadge.ES256} {
		key := must(newKey(manager, "cloudkms:resource="+ring+version))(t)
		if key.Public().Algorithm != algorithm {
			t.Errorf("version %s: %v", version, key.Public())
		}
		checkIssues(t, key)
	}
	if _, err := newKey(manager, "cloudkms:resource="+ring+"3"); status.Code(err) != codes.NotFound {
		t.Errorf("version 3: %v", err)
	}
	if err := manager.Close(); err != nil {
		t.Error(err)
	}
}

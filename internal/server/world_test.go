package server_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/btlc/btlc/ent/migrate/migrations"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/server"
)

func TestMain(m *testing.M) {
	if os.Getenv(soakServerVariable) != "" {
		runSoakServer()
		return
	}
	databasetest.Main(m)
}

// startOfTime is where the clock of a world stands at first.
var startOfTime = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a server over a database of its own, with the program's data and a few people, and a key for every role.
type world struct {
	server    *server.Server
	url       string  // of the database, as its owner
	pool      *sql.DB // the server's
	owner     *sql.DB // the database with the rights of its owner
	clock     atomic.Int64
	keys      map[string]string
	variables map[string]string
	grpc      grpcCaller
	rest      restCaller
}

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()) }

func (w *world) callers() []caller { return []caller{w.grpc, w.rest} }

// newWorld makes a world. adjust may change the server's options.
func newWorld(t testing.TB, adjust ...func(*server.Options)) *world {
	t.Helper()
	w := &world{keys: map[string]string{"anonymous": ""}, variables: map[string]string{}}
	w.clock.Store(startOfTime.UnixNano())
	url := databasetest.New(t, migrations.FS)
	pool, err := database.Open(t.Context(), url, database.PoolOptions{MaxConns: 10, ServerRole: true})
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	w.url, w.pool = url, pool
	w.owner, err = database.Open(t.Context(), url, database.PoolOptions{MaxConns: 3})
	must(t, err)
	t.Cleanup(func() { _ = w.owner.Close() })
	keyDirectory := t.TempDir()
	keys, err := openbadge.LoadOrCreateKeys(keyDirectory)
	must(t, err)
	w.variables["compromisedKey"], w.variables["trustedKey"] = keys.Public()[0].ID, keys.Public()[1].ID
	_, err = openbadge.MarkCompromised(keyDirectory, w.variables["compromisedKey"], startOfTime)
	must(t, err)
	keys, err = openbadge.LoadOrCreateKeys(keyDirectory) // with the key that signs in its place
	must(t, err)
	zone, err := time.LoadLocation("America/New_York")
	must(t, err)
	rest := httptest.NewUnstartedServer(nil)
	w.rest.base = "http://" + rest.Listener.Addr().String()
	did, err := openbadge.DIDWeb(w.rest.base)
	must(t, err)
	sender, err := notice.Open("smtp://127.0.0.1:9?from=notices@example.org&tls=none")
	must(t, err)
	options := server.Options{
		Pool: pool, Migrations: migrations.FS, Zone: zone, Clock: w.now, Deadline: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
		BatchWorkers: -1, WebhookWorkers: -1, // what is done when nobody asks for it would come at any time
		Notices: notice.Options{Sender: sender}, WithoutSending: true,
		Webhooks: change.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Issuer:   credential.Issuer{BaseURL: w.rest.base, Name: "Boston Teacher Leadership Certificate", DID: did, Keys: keys},
	}
	for _, change := range adjust {
		change(&options)
	}
	w.server, err = server.New(options)
	must(t, err)
	data, err := program.Load()
	must(t, err)
	must(t, program.Store(t.Context(), w.server.DB(), data))
	rest.Config.Handler = w.server.Handler()
	rest.Start()
	t.Cleanup(rest.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	stopped := make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	idle, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { stopped <- w.server.Serve(ctx, idle, listener, 5*time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	w.grpc.conn = conn
	w.variables["hook"] = newHook(t)
	w.people(t)
	return w
}

// newHook is where changes are posted to; at /gone there is nobody any more.
func newHook(t testing.TB) string {
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
			return
		}
		fmt.Fprint(w, "Taken")
	}))
	t.Cleanup(hook.Close)
	return hook.URL
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bind makes a key for a caller with one role.
func (w *world) bind(t testing.TB, caller string, role accesspb.Role, scope string) {
	t.Helper()
	secret, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), caller, access.Grant{Role: role, Scope: scope})
	must(t, err)
	w.keys[caller] = secret
}

// do calls an RPC over gRPC and gives its answer; an error ends the test.
func (w *world) do(t testing.TB, as, rpc string, request map[string]any) map[string]any {
	t.Helper()
	r := w.grpc.call(t, methodNamed(t, rpc), w.keys[as], marshal(t, request), nil)
	if r.err != nil {
		t.Fatalf("%s as %s: %v %v", rpc, as, r.err, r.err.Violations)
	}
	return r.answer
}

func (w *world) people(t testing.TB) {
	t.Helper()
	v := w.variables
	w.bind(t, "admin", accesspb.Role_ROLE_ADMIN, "")
	w.bind(t, "staff", accesspb.Role_ROLE_PROGRAM_STAFF, "")
	v["institution"], v["otherInstitution"], v["framework"] = "institutions/umass-boston", "institutions/cambridge-college", "frameworks/btlc-1"
	for variable, id := range map[string]string{"district": "bps", "otherDistrict": "ncs"} {
		w.do(t, "staff", "CreateDistrict", map[string]any{"districtId": id, "district": map[string]any{"displayName": "District " + id, "stateCode": "MA", "timeZone": "America/New_York"}})
		v[variable] = "districts/" + id
	}
	for variable, district := range map[string]string{"school": v["district"], "otherSchool": v["otherDistrict"]} {
		made := w.do(t, "staff", "CreateSchool", map[string]any{"parent": district, "school": map[string]any{"displayName": "The " + variable}})
		v[variable] = text(made, "school.name")
	}
	for _, p := range []struct{ variable, employeeID, district, school string }{
		{"educator", "E1", "district", "school"}, {"otherEducator", "E2", "otherDistrict", "otherSchool"}, {"colleague", "E3", "district", "school"}, {"facilitator", "E4", "district", "school"},
	} {
		address := p.variable
		if address == "otherEducator" {
			address = "other"
		}
		made := w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{
			"givenName": "Given", "familyName": "Of " + p.variable, "emails": []any{map[string]any{"address": address + "@example.org", "verified": true}},
			"externalIds": []any{map[string]any{"kind": "EXTERNAL_ID_KIND_EMPLOYEE_ID", "district": v[p.district], "value": p.employeeID}},
		}})
		v[p.variable] = text(made, "educator.name")
		w.do(t, "staff", "CreateEmployment", map[string]any{"parent": v[p.variable], "employment": map[string]any{"district": v[p.district], "school": v[p.school], "startDate": map[string]any{"year": 2020, "month": 9, "day": 1}}})
	}
	made := w.do(t, "staff", "CreateRole", map[string]any{"parent": v["district"], "role": map[string]any{"displayName": "Mentor of novices", "kind": "ROLE_KIND_FORMAL", "roleFamily": "roleFamilies/mentor"}})
	v["role"] = text(made, "role.name")
	for caller, b := range map[string]access.Grant{
		"facilitator": {Role: accesspb.Role_ROLE_FACILITATOR, Scope: v["facilitator"]}, "assessor": {Role: accesspb.Role_ROLE_ASSESSOR},
		"educator": {Role: accesspb.Role_ROLE_EDUCATOR, Scope: v["educator"]}, "colleague": {Role: accesspb.Role_ROLE_EDUCATOR, Scope: v["colleague"]},
		"otherEducator": {Role: accesspb.Role_ROLE_EDUCATOR, Scope: v["otherEducator"]},
		"principal":     {Role: accesspb.Role_ROLE_PRINCIPAL, Scope: v["school"]}, "otherPrincipal": {Role: accesspb.Role_ROLE_PRINCIPAL, Scope: v["otherSchool"]},
		"districtHr": {Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: v["district"]}, "otherDistrictHr": {Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: v["otherDistrict"]},
		"registrar": {Role: accesspb.Role_ROLE_REGISTRAR, Scope: v["institution"]}, "otherRegistrar": {Role: accesspb.Role_ROLE_REGISTRAR, Scope: v["otherInstitution"]},
		"board": {Role: accesspb.Role_ROLE_BOARD_MEMBER}, "auditor": {Role: accesspb.Role_ROLE_AUDITOR},
	} {
		w.bind(t, caller, b.Role, b.Scope)
	}
	w.holders(t)
}

func methodNamed(t testing.TB, rpc string) protoreflect.MethodDescriptor {
	t.Helper()
	for _, method := range allMethods() {
		if string(method.Name()) == rpc {
			return method
		}
	}
	t.Fatalf("there is no RPC %s", rpc)
	return nil
}

// allMethods are the RPCs of the contract.
func allMethods() []protoreflect.MethodDescriptor {
	var methods []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package().Parent().Parent() == "btlc" {
			for i := range file.Services().Len() {
				service := file.Services().Get(i)
				for j := range service.Methods().Len() {
					methods = append(methods, service.Methods().Get(j))
				}
			}
		}
		return true
	})
	return methods
}

// text reads a dotted path out of an answer; list indexes are numbers.
func text(answer any, path string) string {
	value, ok := at(answer, path)
	if !ok {
		return fmt.Sprintf("no %s in the answer", path)
	}
	if s, ok := value.(string); ok {
		return s
	}
	body, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/database"
)

const exportName = "export"

// exportForms are the ways that a district reads its export by, each as one reader: on REST by media type.
var exportForms = []string{"application/x-ndjson", "text/csv", "application/x-protobuf", "gRPC"}

// measureExports prints how fast all credentials of the district are exported, on record, against COPY of the
// same rows to a psql that throws them away, and how much memory the server had at most meanwhile.
func (p *place) measureExports(ctx context.Context) error {
	fmt.Printf("\n| %s of %d rows | COPY, rows per second | service, rows per second | ratio | server's memory at most |\n| --- | --- | --- | --- | --- |\n", exportName, p.settings.credentials)
	by, peaks := map[string]*figures{}, map[string]int64{}
	for _, form := range exportForms {
		by[form] = &figures{}
	}
	rows := float64(p.settings.credentials)
	for range p.settings.rounds {
		base, err := timed(func() error { return p.copyOut(ctx) })
		if err != nil {
			return fmt.Errorf("COPY: %w", err)
		}
		for _, form := range exportForms {
			if err := p.forgetPeak(); err != nil {
				return err
			}
			took, err := timed(func() error { return p.export(ctx, form) })
			if err != nil {
				return fmt.Errorf("%s: %w", form, err)
			}
			peak, err := p.peak()
			if err != nil {
				return err
			}
			f := by[form]
			f.ratios, f.base, f.service = append(f.ratios, base/took), append(f.base, rows/base), append(f.service, rows/took)
			peaks[form] = max(peaks[form], peak)
		}
	}
	for _, form := range exportForms {
		f := by[form]
		fmt.Printf("| %s | %.0f | %.0f | %.2f | %d MB |\n", form, median(f.base), median(f.service), median(f.ratios), peaks[form]>>20)
	}
	return nil
}

// timed is how many seconds something took.
func timed(do func() error) (float64, error) {
	started := time.Now()
	err := do()
	return time.Since(started).Seconds(), err
}

// copied is the rows of an export in its order.
const copied = `SELECT c.id, c.educator_id, coalesce(p.employee_id, ''), coalesce(p.state_id, ''), c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
		c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.version
	FROM (SELECT e.educator_id, (array_agg(x.value ORDER BY x.id) FILTER (WHERE x.kind = 'EMPLOYEE_ID'))[1] AS employee_id,
			(array_agg(x.value ORDER BY x.id) FILTER (WHERE x.kind = 'STATE_EDUCATOR_ID'))[1] AS state_id
		FROM (SELECT DISTINCT educator_id FROM employments WHERE district_id = 'bps' AND start_date <= now()::date AND (end_date IS NULL OR end_date >= now()::date)) e
			LEFT JOIN external_ids x ON x.educator_id = e.educator_id AND (x.kind = 'STATE_EDUCATOR_ID' OR x.district_id = 'bps')
		GROUP BY e.educator_id) p
		JOIN credentials c ON c.educator_id = p.educator_id
		CROSS JOIN LATERAL (SELECT c.expire_time <= now() AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
	ORDER BY c.educator_id, c.id`

// copyOut has the database write what an export reads, by the same settings.
func (p *place) copyOut(ctx context.Context) error {
	command := exec.CommandContext(ctx, filepath.Join(filepath.Dir(p.pgbenchPath), "psql"), "--no-psqlrc", "--quiet", "--host="+p.socket, "--username="+database.OwnerRole,
		"--command=COPY ("+copied+") TO STDOUT", database.Name) // #nosec G204 -- our own arguments
	command.Env = append(command.Environ(), "PGOPTIONS=-c jit=off -c role="+database.ServerRole)
	command.Stderr = os.Stderr
	return command.Run()
}

// export reads a whole export as one reader.
func (p *place) export(ctx context.Context, form string) error {
	if form != "gRPC" {
		return p.audited.download("/v1/"+district+"/credentialStatuses:export", form)
	}
	stream, err := p.audited.channel.NewStream(p.audited.authorized(ctx), &grpc.StreamDesc{ServerStreams: true}, credentialpb.CredentialService_ExportCredentialStatuses_FullMethodName, grpc.ForceCodecV2(unread{}))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(&credentialpb.ExportCredentialStatusesRequest{Parent: district}); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	var last []byte
	for err == nil {
		err = stream.RecvMsg(&last)
	}
	var end credentialpb.ExportCredentialStatusesResponse
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case proto.Unmarshal(last, &end) != nil || int(end.GetTotalCount()) != p.settings.credentials:
		return fmt.Errorf("the last part is %x", last)
	}
	return nil
}

// forgetPeak begins the count of the most memory that the server had anew.
func (p *place) forgetPeak() error {
	return os.WriteFile(p.process("clear_refs"), []byte("5"), 0o600)
}

// peak is the most memory in bytes that the server had since forgetPeak.
func (p *place) peak() (int64, error) {
	status, err := os.ReadFile(p.process("status")) // #nosec G304 -- a server of ours
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	text, _, found := strings.Cut(after, " kB")
	if !found {
		return 0, errors.New("the system does not tell how much memory a process had")
	}
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return kilobytes << 10, err
}

// process is a file of Linux about the server that puts reads on record.
func (p *place) process(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.servers[0].Process.Pid, file)
}

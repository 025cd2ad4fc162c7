package credential

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attainment"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/evidence"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// issue awards a credential to an educator who meets its policy, both by their names.
func (s store) issue(ctx context.Context, tx *database.Tx, person, credentialType string) (*pb.Credential, error) {
	kind, err := s.typeRow(ctx, tx.Client, credentialType)
	if err != nil {
		return nil, err
	} else if kind == nil {
		return nil, api.Errorf(api.ReferenceNotFound, "There is no %q.", credentialType).With("resource", credentialType)
	}
	// One award to a person at a time: what is decided here stays true until it is written.
	id, err := tx.Educator.Query().Where(educator.ID(api.LastUUID(person))).ForUpdate().OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Errorf(api.ReferenceNotFound, "There is no %q.", person).With("resource", person)
	} else if err != nil {
		return nil, err
	}
	certificates, err := s.basis(ctx, tx, id, kind)
	if err != nil {
		return nil, err
	}
	if err := s.checkEligible(ctx, tx, id, kind); err != nil {
		return nil, err
	}
	framework, err := record.LatestFramework(ctx, tx.Client)
	if err != nil {
		return nil, err
	} else if framework == nil {
		return nil, fmt.Errorf("award %s: there is no framework", kind.ID)
	}
	version := kind.Edges.PolicyVersion
	return s.put(ctx, tx, terms{
		educator: id, kind: kind, version: version, framework: framework, status: credentialLife.First(), expires: expiry(tx.Now, version.ValidityMonths),
		certificates: certificates, reason: "ISSUED", authority: authorityOf(version),
	})
}

// terms are those on which a credential is made; what else it says is what is on record of its holder.
type terms struct {
	educator  uuid.UUID
	kind      *ent.CredentialType // with its course, if it has one
	version   *ent.PolicyVersion
	framework *ent.Framework
	status    string
	expires   *time.Time
	// certificates are what a credential without a course rests on.
	certificates []certified
	// supersedes is the credential in whose place it stands, locked; nil for none.
	supersedes              *ent.Credential
	reason, authority, note string
}

// authorityOf is the authority of what a policy decides by itself.
func authorityOf(version *ent.PolicyVersion) string {
	return fmt.Sprintf("policy %s version %d", version.Policy, version.VersionNumber)
}

// put makes a credential with its document and the first event of its history.
func (s store) put(ctx context.Context, tx *database.Tx, on terms) (*pb.Credential, error) {
	if on.kind.CourseID == "" && on.certificates == nil {
		return nil, api.Errorf(api.RequirementsUnmet, "No certificate of a course is active, and a credential of this type rests on those.")
	}
	a, err := s.award(ctx, tx, on)
	if err != nil {
		return nil, err
	}
	if a.bit, err = draw(ctx, tx); err != nil {
		return nil, err
	}
	document, keyID, err := s.issuer.sign(ctx, a)
	if err != nil {
		return nil, err
	}
	learnerRecord := ""
	if on.certificates != nil {
		if learnerRecord, err = s.issuer.learnerRecord(ctx, a, on.certificates); err != nil {
			return nil, err
		}
	}
	list := uuid.MustParse(a.bit.list)
	var predecessor *uuid.UUID
	if on.supersedes != nil { // before the other is there: nobody has two
		if err := supersede(ctx, tx, on); err != nil {
			return nil, err
		}
		predecessor = &on.supersedes.ID
	}
	if err := raiseList(ctx, tx, &list, "", on.status); err != nil {
		return nil, err
	}
	row, err := tx.Credential.Create().SetID(uuid.MustParse(a.id)).SetEducatorID(on.educator).SetCredentialTypeID(on.kind.ID).SetPolicyVersionID(on.version.ID).
		SetFrameworkID(on.framework.ID).SetStatus(on.status).SetStatusReason(on.reason).SetIssueTime(tx.Now).SetStatusTime(tx.Now).SetDocument(document).SetLearnerRecord(learnerRecord).SetKeyID(keyID).
		SetStatusListID(list).SetStatusListIndex(int32(a.bit.index)).SetNillableExpireTime(on.expires).SetNillableSupersedesID(predecessor).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	row.Edges.PolicyVersion = on.version
	return credentialProto(row, tx.Now), recordEvent(ctx, tx, row, on.authority, on.note)
}

// checkEligible refuses whoever holds the credential already or does not meet its policy.
func (s store) checkEligible(ctx context.Context, tx *database.Tx, id uuid.UUID, kind *ent.CredentialType) error {
	held, err := tx.Credential.Query().Where(credential.EducatorID(id), credential.CredentialTypeID(kind.ID), credential.StatusIn(counted...)).
		WithPolicyVersion().ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
	case err != nil:
		return err
	case standing(held.Status, held.ExpireTime, tx.Now) == held.Status:
		name := api.Name("btlc/Credential", held.ID)
		return api.Errorf(api.CredentialHeld, "It is %s: revoke that one first if it was wrong.", name).With("credential", name)
	default: // its time is over, and the record is about to say so
		if err := expire(ctx, tx, held); err != nil {
			return err
		}
	}
	result, err := s.policies.Evaluate(ctx, tx.Client, kind.Edges.PolicyVersion, record.About{Educator: id, Course: kind.CourseID, Now: tx.Now})
	if err != nil {
		return err
	} else if !result.Met {
		return unmet(result)
	}
	return nil
}

// award gathers what the document of a new credential says.
func (s store) award(ctx context.Context, tx *database.Tx, on terms) (a award, err error) {
	kind, framework := on.kind, on.framework
	a = award{
		id: uuid.Must(uuid.NewV7()).String(), salt: rand.Text(),
		credentialType: kind.ID, title: kind.Title, criteria: kind.Criteria, achievementType: kind.AchievementType,
		framework: framework.ID, frameworkTitle: framework.Title, standards: framework.Alignments, time: tx.Now,
	}
	if on.expires != nil {
		a.until = *on.expires
	}
	held, err := heldDIDOf(ctx, tx.Client, on.educator)
	if err != nil {
		return award{}, err
	}
	if a.did = held.proto().Did; a.did == "" {
		if a.identity, a.identityType, err = identity(ctx, tx, on.educator); err != nil {
			return award{}, err
		}
	}
	course := kind.Edges.Course
	if course == nil {
		if err := sameHolder(a.did, on.certificates); err != nil {
			return award{}, err
		}
		a.description = describe(on.certificates)
		var skills []string
		for _, c := range on.certificates {
			skills = append(skills, c.coreSkill)
		}
		_, err = addCompetencies(ctx, tx, &a, on.educator, skills) // the evidence is in the certificates
		return a, err
	}
	offered, err := tx.CourseVersion.Query().Where(courseversion.CourseID(course.ID)).Order(ent.Desc(courseversion.FieldVersionNumber)).First(ctx)
	if err != nil {
		return award{}, err
	}
	a.description, a.credits = course.Description, offered.Credits
	posted, err := record.Postings(ctx, tx.Client, on.educator)
	if err != nil {
		return award{}, err
	}
	postings := make([]posting, len(posted))
	for i, p := range posted {
		postings[i] = posting{p.Institution, p.Course, p.Credits}
	}
	a.earned = earned(postings, course.ID, a.credits)
	attained, err := addCompetencies(ctx, tx, &a, on.educator, []string{course.CoreSkill})
	if err != nil {
		return award{}, err
	}
	a.evidence, err = digests(ctx, tx, attained)
	return a, err
}

// addCompetencies adds the competencies of core skills to an award, in the order of the framework, and answers how a person
// has attained some of them.
func addCompetencies(ctx context.Context, tx *database.Tx, a *award, educator uuid.UUID, skills []string) ([]*ent.Attainment, error) {
	inSkills := []predicate.Competency{competency.FrameworkID(a.framework), competency.HasCoreSkillWith(coreskill.CodeIn(skills...))}
	attained, err := tx.Attainment.Query().Where(attainment.EducatorID(educator), attainment.HasCompetencyWith(inSkills...)).
		WithSubmission(func(q *ent.SubmissionQuery) { q.WithAssessment() }).All(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Competency.Query().Where(inSkills...).WithCoreSkill().Order(ent.Asc(competency.FieldCompetencyNumber, competency.FieldCode)).All(ctx)
	slices.SortStableFunc(rows, func(a, b *ent.Competency) int {
		return cmp.Compare(a.Edges.CoreSkill.Position, b.Edges.CoreSkill.Position)
	})
	for _, row := range rows {
		shown := slices.ContainsFunc(attained, func(a *ent.Attainment) bool { return a.CompetencyID == row.ID })
		a.competencies = append(a.competencies, awardedCompetency{row.Code, row.Statement, shown})
	}
	return attained, err
}

// digests are those of the evidence by which competencies were attained, in the order of the assessments and of what was
// submitted. Evidence without a digest cannot be told from another and is left out.
func digests(ctx context.Context, tx *database.Tx, attained []*ent.Attainment) ([]digest, error) {
	submissions := map[uuid.UUID]*ent.PerformanceAssessment{}
	for _, row := range attained {
		submissions[row.SubmissionID] = row.Edges.Submission.Edges.Assessment
	}
	rows, err := tx.Evidence.Query().Where(evidence.SubmissionIDIn(slices.Collect(maps.Keys(submissions))...), evidence.Sha256NEQ("")).All(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b *ent.Evidence) int {
		return cmp.Or(cmp.Compare(submissions[a.SubmissionID].AssessmentNumber, submissions[b.SubmissionID].AssessmentNumber), cmp.Compare(a.Position, b.Position))
	})
	list := make([]digest, len(rows))
	for i, row := range rows {
		list[i].sha256 = row.Sha256
		for _, slot := range submissions[row.SubmissionID].Slots {
			if slot.ID == row.Slot {
				list[i].slot, list[i].kind = slot.Title, slot.Kind
			}
		}
	}
	return list, nil
}

// identity is by what a holder who gave no DID is known to whoever checks the document: their first verified address, in
// small letters so that there is one way to write it, or the name of their record.
func identity(ctx context.Context, tx *database.Tx, id uuid.UUID) (identity, kind string, err error) {
	email, err := tx.EducatorEmail.Query().Where(educatoremail.EducatorID(id), educatoremail.Verified(true)).Order(ent.Asc(educatoremail.FieldID)).First(ctx)
	switch {
	case ent.IsNotFound(err):
		return api.Name("btlc/Educator", id), "identifier", nil
	case err != nil:
		return "", "", err
	}
	return email.AddressKey, "emailAddress", nil
}

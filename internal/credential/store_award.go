package credential

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatoremail"
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
	if err := s.checkEligible(ctx, tx, id, kind); err != nil {
		return nil, err
	}
	a, err := s.award(ctx, tx, id, kind)
	if err != nil {
		return nil, err
	}
	document, keyID, err := s.issuer.sign(a)
	if err != nil {
		return nil, err
	}
	row, err := tx.Credential.Create().SetID(uuid.MustParse(a.id)).SetEducatorID(id).SetCredentialTypeID(kind.ID).SetPolicyVersionID(kind.PolicyVersionID).
		SetFrameworkID(a.framework).SetStatus("ACTIVE").SetStatusReason("ISSUED").SetIssueTime(tx.Now).SetStatusTime(tx.Now).SetDocument(document).SetKeyID(keyID).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	version := kind.Edges.PolicyVersion
	row.Edges.PolicyVersion = version
	return credentialProto(row), recordEvent(ctx, tx, row, fmt.Sprintf("policy %s version %d", version.Policy, version.VersionNumber), "")
}

// checkEligible refuses whoever holds the credential already or does not meet its policy.
func (s store) checkEligible(ctx context.Context, tx *database.Tx, id uuid.UUID, kind *ent.CredentialType) error {
	held, err := tx.Credential.Query().Where(credential.EducatorID(id), credential.CredentialTypeID(kind.ID), credential.StatusNEQ("REVOKED")).IDs(ctx)
	if err != nil {
		return err
	} else if len(held) > 0 {
		name := api.Name("btlc/Credential", held[0])
		return api.Errorf(api.CredentialHeld, "It is %s: revoke that one first if it was wrong.", name).With("credential", name)
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
func (s store) award(ctx context.Context, tx *database.Tx, id uuid.UUID, kind *ent.CredentialType) (award, error) {
	framework, err := record.LatestFramework(ctx, tx.Client)
	if err != nil {
		return award{}, err
	} else if framework == nil {
		return award{}, fmt.Errorf("award %s: there is no framework", kind.ID)
	}
	a := award{
		id: uuid.Must(uuid.NewV7()).String(), salt: rand.Text(),
		credentialType: kind.ID, title: kind.Title, description: kind.Edges.Course.Description, criteria: kind.Criteria, achievementType: kind.AchievementType,
		framework: framework.ID, frameworkTitle: framework.Title, time: tx.Now,
	}
	if a.identity, a.identityType, err = identity(ctx, tx, id); err != nil {
		return award{}, err
	}
	rows, err := tx.Competency.Query().Where(competency.FrameworkID(framework.ID), competency.HasCoreSkillWith(coreskill.Code(kind.Edges.Course.CoreSkill))).
		Order(ent.Asc(competency.FieldCompetencyNumber, competency.FieldCode)).All(ctx)
	for _, row := range rows {
		a.competencies = append(a.competencies, alignedCompetency{row.Code, row.Statement})
	}
	return a, err
}

// identity is by what a holder is known to whoever checks the document: their first verified address, in small letters so
// that there is one way to write it, or the name of their record.
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

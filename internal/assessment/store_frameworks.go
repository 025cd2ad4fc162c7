package assessment

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/framework"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/schema"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct{ db *database.DB }

var frameworkList = &api.ListSpec{Default: "version_number", Columns: map[string]api.Column{
	"version_number": {Name: framework.FieldVersionNumber, Kind: api.NumberColumn}, "create_time": {Name: framework.FieldCreateTime, Kind: api.InstantColumn},
}}

func (s store) framework(ctx context.Context, name string) (*pb.Framework, error) {
	row, err := s.db.Ent().Framework.Get(ctx, api.LastWord(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	all, err := s.nested(ctx, []*ent.Framework{row})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (s store) listFrameworks(ctx context.Context, req *pb.ListFrameworksRequest) (*pb.ListFrameworksResponse, error) {
	q, err := api.ParseList(req, frameworkList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Framework.Query().Where(predicate.Framework(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Framework) *ent.Framework { return row })
	items, err := s.nested(ctx, page)
	return &pb.ListFrameworksResponse{Frameworks: items, NextPageToken: next}, err
}

// nested makes frameworks with all that they hold: three queries, however many they are.
func (s store) nested(ctx context.Context, rows []*ent.Framework) ([]*pb.Framework, error) {
	all, byID, ids := make([]*pb.Framework, len(rows)), map[string]*pb.Framework{}, make([]string, len(rows))
	for i, row := range rows {
		all[i], ids[i] = &pb.Framework{
			Name: api.Name("btlc/Framework", row.ID), Title: row.Title, VersionNumber: row.VersionNumber, Alignments: row.Alignments, Sources: row.Sources,
			CreateTime: api.Timestamp(row.CreateTime),
		}, row.ID
		byID[row.ID] = all[i]
	}
	skills, err := s.db.Ent().CoreSkill.Query().Where(coreskill.FrameworkIDIn(ids...)).Order(ent.Asc(coreskill.FieldPosition)).All(ctx)
	if err != nil {
		return nil, err
	}
	skillByID := map[uuid.UUID]*pb.CoreSkill{}
	for _, row := range skills {
		skill := &pb.CoreSkill{Id: row.Code, Title: row.Title}
		skillByID[row.ID] = skill
		byID[row.FrameworkID].CoreSkills = append(byID[row.FrameworkID].CoreSkills, skill)
	}
	competencies, err := s.db.Ent().Competency.Query().Where(competency.FrameworkIDIn(ids...)).
		Order(ent.Asc(competency.FieldCompetencyNumber, competency.FieldCode)).All(ctx)
	if err != nil {
		return nil, err
	}
	codes := map[uuid.UUID]string{}
	for _, row := range competencies {
		codes[row.ID] = row.Code
		skill := skillByID[row.CoreSkillID]
		skill.Competencies = append(skill.Competencies, &pb.Competency{Id: row.Code, CompetencyNumber: row.CompetencyNumber, Statement: row.Statement, Foundational: row.Foundational})
	}
	assessments, err := s.db.Ent().PerformanceAssessment.Query().Where(performanceassessment.FrameworkIDIn(ids...)).
		Order(ent.Asc(performanceassessment.FieldAssessmentNumber, performanceassessment.FieldCode)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range assessments {
		skill := skillByID[row.CoreSkillID]
		skill.PerformanceAssessments = append(skill.PerformanceAssessments, &pb.PerformanceAssessment{
			Id: row.Code, AssessmentNumber: row.AssessmentNumber, Statement: row.Statement, Competency: codes[row.CompetencyID], Slots: slotProtos(row.Slots),
		})
	}
	return all, nil
}

func slotProtos(rows []schema.EvidenceSlot) []*pb.EvidenceSlot {
	slots := make([]*pb.EvidenceSlot, len(rows))
	for i, s := range rows {
		slots[i] = &pb.EvidenceSlot{
			Id: s.ID, Title: s.Title, Kind: s.Kind, MinItems: s.MinItems, MaxItems: s.MaxItems, NeedsAudience: s.NeedsAudience, NeedsColleague: s.NeedsColleague,
			SameColleagueAs: s.SameColleagueAs, AlternativeGroup: s.AlternativeGroup,
		}
	}
	return slots
}

func slotsOf(row *ent.PerformanceAssessment) []slot {
	slots := make([]slot, len(row.Slots))
	for i, s := range row.Slots {
		slots[i] = slot{
			ID: s.ID, MinItems: int(s.MinItems), MaxItems: int(s.MaxItems), NeedsAudience: s.NeedsAudience, NeedsColleague: s.NeedsColleague,
			SameColleagueAs: s.SameColleagueAs, AlternativeGroup: s.AlternativeGroup,
		}
	}
	return slots
}

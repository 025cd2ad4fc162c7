package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// LedgerEntry is a line of the ledger: an amount that goes from one account to another. Append-only, by trigger.
type LedgerEntry struct{ ent.Schema }

func (LedgerEntry) Mixin() []ent.Mixin { return []ent.Mixin{uuidID{}, created{}} }
func (LedgerEntry) Fields() []ent.Field {
	return []ent.Field{
		ref("registration"), field.String("kind").Immutable(), field.Int64("amount_minor").Immutable().Comment("in the smallest coin"), field.String("currency").Immutable(),
		field.String("debit_account").Immutable(), field.String("credit_account").Immutable(), field.String("payer").Immutable(), field.String("payee").Immutable(), field.String("new_payer").Default("").Immutable(),
		field.String("reason").Default("").Immutable(), field.String("reference").Default("").Immutable(), field.String("rule").Default("").Immutable(),
		field.UUID("reverses_id", uuid.UUID{}).Optional().Nillable().Immutable(), date("effective_date"), field.String("recorded_by").Immutable(),
	}
}
func (LedgerEntry) Edges() []ent.Edge {
	return []ent.Edge{belongsTo("registration", Registration.Type),
		edge.To("reversal", LedgerEntry.Type).Unique().Annotations(entsql.OnDelete(entsql.NoAction)).From("reverses").Unique().Immutable().Field("reverses_id"),
	}
}
func (LedgerEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("registration_id", "create_time"), index.Fields("payer", "payee"), index.Fields("new_payer", "payee").StorageKey("ledger_taken_over").Annotations(entsql.IndexWhere("new_payer <> ''")), index.Fields("create_time", "id"), index.Fields("effective_date", "id")}
}
func (LedgerEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"ledger_amount": "amount_minor > 0", "ledger_accounts": "debit_account <> credit_account",
		"ledger_kind": oneOf("kind", "CHARGE", "PAYMENT", "WAIVER", "REFUND", "PAYOUT", "REASSIGNMENT", "REVERSAL"), "ledger_reverses": "(kind = 'REVERSAL') = (reverses_id IS NOT NULL)",
	})}
}

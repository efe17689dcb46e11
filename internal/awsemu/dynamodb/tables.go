package dynamodb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file defines the operations on tables.

type keyElement struct{ AttributeName, KeyType string }

type attributeDefinition struct{ AttributeName, AttributeType string }

type projection struct {
	ProjectionType   string
	NonKeyAttributes []string `json:",omitempty"`
}

type throughput struct{ ReadCapacityUnits, WriteCapacityUnits int }

type indexSpec struct {
	IndexName             string
	KeySchema             []keyElement
	Projection            projection
	ProvisionedThroughput *throughput `json:",omitempty"`
	OnDemandThroughput    *struct{}   `json:",omitempty"`
}

type streamSpec struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

type tag struct{ Key, Value string }

type createTableInput struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	GlobalSecondaryIndexes    []indexSpec
	LocalSecondaryIndexes     []indexSpec
	BillingMode               string
	ProvisionedThroughput     *throughput
	StreamSpecification       *streamSpec
	SSESpecification          *struct{ Enabled bool }
	TableClass                string
	DeletionProtectionEnabled bool
	Tags                      []tag
}

type tableOutput struct{ TableDescription tableDescription }

type tableDescription struct {
	TableName                 string
	TableArn                  string
	TableStatus               string
	CreationDateTime          float64
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	GlobalSecondaryIndexes    []indexDescription `json:",omitempty"`
	LocalSecondaryIndexes     []indexDescription `json:",omitempty"`
	BillingModeSummary        *billingMode       `json:",omitempty"`
	ProvisionedThroughput     throughput
	StreamSpecification       *streamSpec `json:",omitempty"`
	LatestStreamArn           string      `json:",omitempty"`
	LatestStreamLabel         string      `json:",omitempty"`
	DeletionProtectionEnabled bool
	ItemCount                 int
	TableSizeBytes            int
}

type billingMode struct{ BillingMode string }

type indexDescription struct {
	indexSpec
	IndexArn    string
	IndexStatus string `json:",omitempty"`
	ItemCount   int
}

var goodName = lazyre.New(`^[a-zA-Z0-9_.-]{3,255}$`)

func (s *Service) createTable(in *createTableInput) (out tableOutput, err error) {
	if !goodName().MatchString(in.TableName) {
		return out, api.Invalid("TableName must be at least 3 characters long and at most 255 characters long, of a-zA-Z0-9_.-")
	}
	if s.tables[in.TableName] != nil {
		return out, api.Errorf("ResourceInUseException", "Table already exists: %s", in.TableName)
	}
	if in.BillingMode != "PAY_PER_REQUEST" && in.ProvisionedThroughput == nil {
		return out, api.Invalid("No provisioned throughput specified for the table")
	}
	t := &table{
		name: in.TableName, spec: *in, created: s.clock.Now(),
		kinds: map[string]string{}, indexes: map[string]*index{}, parts: map[string][]Item{},
	}
	for _, d := range in.AttributeDefinitions {
		if longKinds[d.AttributeType] == "" {
			return out, api.Invalid("Member must satisfy enum value set: [B, N, S]")
		}
		t.kinds[d.AttributeName] = d.AttributeType
	}
	used := map[string]bool{}
	if t.keySchema, err = t.parseKey(in.KeySchema, used); err != nil {
		return out, err
	}
	for i, spec := range slices.Concat(in.LocalSecondaryIndexes, in.GlobalSecondaryIndexes) {
		if err := t.addIndex(spec, i >= len(in.LocalSecondaryIndexes), used); err != nil {
			return out, err
		}
	}
	if len(used) != len(t.kinds) {
		return out, api.Invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	s.tables[t.name] = t
	return tableOutput{t.describe()}, nil
}

// parseKey returns the key that a request describes, and marks its attributes as used.
func (t *table) parseKey(es []keyElement, used map[string]bool) (k keySchema, err error) {
	if len(es) == 0 || len(es) > 2 || es[0].KeyType != "HASH" || len(es) == 2 && (es[1].KeyType != "RANGE" || es[0].AttributeName == es[1].AttributeName) {
		return k, api.Invalid("Invalid KeySchema: The first KeySchemaElement is a HASH, the second, if there is one, another attribute as RANGE")
	}
	for _, e := range es {
		if t.kinds[e.AttributeName] == "" {
			return k, api.Invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", e.AttributeName)
		}
		used[e.AttributeName] = true
	}
	k.hash = es[0].AttributeName
	if len(es) == 2 {
		k.sort = es[1].AttributeName
	}
	return k, nil
}

func (t *table) addIndex(spec indexSpec, global bool, used map[string]bool) error {
	x := &index{name: spec.IndexName, global: global, projection: spec.Projection}
	if !goodName().MatchString(x.name) || t.indexes[x.name] != nil {
		return api.Invalid("One or more parameter values were invalid: index name %q", x.name)
	}
	if !slices.Contains([]string{"ALL", "KEYS_ONLY", "INCLUDE"}, x.projection.ProjectionType) {
		return api.Invalid("One or more parameter values were invalid: Unknown ProjectionType: %s", x.projection.ProjectionType)
	}
	var err error
	if x.keySchema, err = t.parseKey(spec.KeySchema, used); err != nil {
		return err
	}
	if !global && (x.hash != t.hash || x.sort == "" || t.sort == "") {
		return api.Invalid("One or more parameter values were invalid: a local index has the hash key of the table, and a range key, as the table has")
	}
	t.indexes[x.name] = x
	return nil
}

func (t *table) describe() tableDescription {
	in := t.spec
	d := tableDescription{
		TableName:                 t.name,
		TableArn:                  t.arn(),
		TableStatus:               "ACTIVE",
		CreationDateTime:          float64(t.created.UnixMilli()) / 1000,
		AttributeDefinitions:      in.AttributeDefinitions,
		KeySchema:                 in.KeySchema,
		StreamSpecification:       in.StreamSpecification,
		DeletionProtectionEnabled: in.DeletionProtectionEnabled,
	}
	if in.BillingMode == "PAY_PER_REQUEST" {
		d.BillingModeSummary = &billingMode{in.BillingMode}
	}
	if in.ProvisionedThroughput != nil {
		d.ProvisionedThroughput = *in.ProvisionedThroughput
	}
	if in.StreamSpecification != nil && in.StreamSpecification.StreamEnabled {
		d.LatestStreamLabel = t.created.UTC().Format("2006-01-02T15:04:05.000")
		d.LatestStreamArn = t.arn() + "/stream/" + d.LatestStreamLabel
	}
	for _, it := range t.all() {
		d.ItemCount++
		d.TableSizeBytes += it.bytes()
	}
	for _, spec := range in.GlobalSecondaryIndexes {
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, t.describeIndex(spec, "ACTIVE"))
	}
	for _, spec := range in.LocalSecondaryIndexes {
		d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, t.describeIndex(spec, ""))
	}
	return d
}

func (t *table) arn() string { return api.ARN("dynamodb", "table/"+t.name) }

func (t *table) describeIndex(spec indexSpec, status string) indexDescription {
	d := indexDescription{indexSpec: spec, IndexArn: fmt.Sprintf("%s/index/%s", t.arn(), spec.IndexName), IndexStatus: status}
	for _, it := range t.all() {
		if t.indexes[spec.IndexName].has(it) {
			d.ItemCount++
		}
	}
	return d
}

type tableInput struct{ TableName string }

func (s *Service) deleteTable(in *tableInput) (out tableOutput, err error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return out, err
	}
	if t.spec.DeletionProtectionEnabled {
		return out, api.Invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(s.tables, t.name)
	d := t.describe()
	d.TableStatus = "DELETING"
	return tableOutput{d}, nil
}

type describeTableOutput struct{ Table tableDescription }

func (s *Service) describeTable(in *tableInput) (out describeTableOutput, err error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return out, err
	}
	return describeTableOutput{t.describe()}, nil
}

type listTablesInput struct {
	ExclusiveStartTableName string
	Limit                   *int
}

type listTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string `json:",omitempty"`
}

func (s *Service) listTables(in *listTablesInput) (out listTablesOutput, err error) {
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 100 {
		return out, api.Invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must be between 1 and 100")
	}
	out.TableNames = []string{}
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if name <= in.ExclusiveStartTableName {
			continue
		}
		if len(out.TableNames) == limit {
			out.LastEvaluatedTableName = out.TableNames[limit-1]
			break
		}
		out.TableNames = append(out.TableNames, name)
	}
	return out, nil
}

type ttlSpec struct {
	AttributeName string
	Enabled       bool
}

type updateTTLInput struct {
	TableName               string
	TimeToLiveSpecification ttlSpec
}

type updateTTLOutput struct{ TimeToLiveSpecification ttlSpec }

func (s *Service) updateTimeToLive(in *updateTTLInput) (out updateTTLOutput, err error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return out, err
	}
	spec := in.TimeToLiveSpecification
	switch {
	case spec.AttributeName == "":
		return out, api.Invalid("1 validation error detected: Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case spec.Enabled && t.ttl != "":
		return out, api.Invalid("TimeToLive is already enabled")
	case !spec.Enabled && t.ttl == "":
		return out, api.Invalid("TimeToLive is already disabled")
	case !spec.Enabled:
		t.ttl = ""
	default:
		t.ttl = spec.AttributeName
		for _, it := range t.all() {
			t.note(t.expires(it))
		}
	}
	return updateTTLOutput{spec}, nil
}

type ttlDescription struct {
	TimeToLiveStatus string
	AttributeName    string `json:",omitempty"`
}

type describeTTLOutput struct{ TimeToLiveDescription ttlDescription }

func (s *Service) describeTimeToLive(in *tableInput) (out describeTTLOutput, err error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return out, err
	}
	out.TimeToLiveDescription.TimeToLiveStatus = "DISABLED"
	if t.ttl != "" {
		out.TimeToLiveDescription = ttlDescription{"ENABLED", t.ttl}
	}
	return out, nil
}

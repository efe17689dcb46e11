package sam

import (
	"fmt"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// Config returns the text of samconfig.toml: what sam build and sam deploy would ask, or take from their command lines, which go before.
func Config(p *plan.Plan) []byte {
	return fmt.Appendf(nil, `%sversion = 0.1

[default.build.parameters]
parallel = true

[default.deploy.parameters]
stack_name = %q
resolve_s3 = true
capabilities = "CAPABILITY_IAM"
confirm_changeset = false
fail_on_empty_changeset = false
`, header("# "), p.Stack)
}

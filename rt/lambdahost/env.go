package lambdahost

import "strings"

// workerEnv returns the environment of the program: the handler's, without what concerns only the handler.
func workerEnv(env []string) []string {
	out := make([]string, 0, len(env))
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "HARK_") && name != "AWS_LAMBDA_RUNTIME_API" {
			out = append(out, kv)
		}
	}
	return out
}

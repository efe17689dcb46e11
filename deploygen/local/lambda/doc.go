// Package lambda emulates AWS Lambda on one machine: functions whose code is a real bootstrap, an executable
// for a custom runtime, as it would be deployed.
//
// # An execution environment
//
// An environment is an OS process, a session of its own with a TMPDIR of its own, that serves one invocation at a time and speaks the
// Runtime API with an endpoint of its own:
//
//	           .--- ready (GET next) <--- .
//	           v                          |
//	start --> frozen --- invocation ---> running --- deadline, exit ---> dead
//	           |
//	           '--- idle for long ---> dead
//
// A new one is started (a cold start) when none of the version is frozen, else the one that was used last goes on. Frozen is stopped by SIGSTOP, with all
// its descendants. At the deadline all are killed by SIGKILL, without a warning.
//
// # Faithful
//
//   - the Runtime API, the environment variables, the working directory;
//   - versions that never change, the alias live, $LATEST;
//   - limits of payloads and of concurrency, and the errors that say so;
//   - what becomes of an invocation whose process exits, is out of time, or fails to start;
//   - asynchronous invocations: a queue, two retries, then the destination for failures;
//   - logs: one stream for each environment, with the platform's events in JSON.
//
// # Not faithful
//
//   - Memory is not limited, nor CPU in proportion to it, nor the size of TMPDIR.
//   - The file system is this machine's; there is no /var/task (LAMBDA_TASK_ROOT says where the code is).
//   - There are no permissions: whoever reaches the endpoint may do all.
//   - $LATEST is the code of the newest version.
//   - An initialisation has as long as an invocation, but at least 10 s. It is not repeated.
//   - Asynchronous events that wait are lost with this process.
//   - There are no extensions, layers, provisioned concurrency, tracing, response streams, and no loop detection.
//
// Deadlines are real time, since what a function does takes real time. All else (how long an environment idles, retries, times in logs) goes by the
// clock of the cloud.
package lambda

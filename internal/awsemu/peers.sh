#!/bin/bash
# Runs a command, such as go test, while the emulators that others maintain run: moto, at AWSEMU_MOTO, and ElasticMQ, at
# AWSEMU_ELASTICMQ. It installs them from PyPI and Maven Central first.
#
#	internal/awsemu/peers.sh go test ./internal/awsemu ./rt/store/dynamo
set -eu
moto=5.2.5
elasticmq=1.6.11
dir=${HARKGEN_PEERS:-$HOME/.cache/harkgen-ci/peers}
mkdir -p "$dir"

if ! "$dir/moto-$moto/bin/moto_server" --help >/dev/null 2>&1; then
	python3 -m venv "$dir/moto-$moto"
	"$dir/moto-$moto/bin/pip" install -q "moto[server]==$moto"
fi
emq=$dir/elasticmq-$elasticmq
if [ ! -e "$emq/done" ]; then
	mkdir -p "$emq"
	# Its tests' library is among its dependencies, but is not published.
	cat >"$emq/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		  <modelVersion>4.0.0</modelVersion>
		  <groupId>harkgen</groupId><artifactId>peers</artifactId><version>1</version>
		  <dependencies><dependency>
		    <groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId><version>$elasticmq</version>
		    <exclusions><exclusion><groupId>org.elasticmq</groupId><artifactId>elasticmq-common-test_2.13</artifactId></exclusion></exclusions>
		  </dependency></dependencies>
		</project>
	POM
	(cd "$emq" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib)
	touch "$emq/done"
fi

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
mp=$(port)
ep=$(port)
logs=$(mktemp -d)
cat >"$logs/elasticmq.conf" <<CONF
include classpath("application.conf")
node-address { protocol = http, host = 127.0.0.1, port = $ep, context-path = "" }
rest-sqs { enabled = true, bind-port = $ep, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats { enabled = false }
aws { region = eu-central-1, accountId = 123456789012 }
CONF
"$dir/moto-$moto/bin/moto_server" -H 127.0.0.1 -p "$mp" >"$logs/moto" 2>&1 &
pids=$!
java -Xmx256m -Dconfig.file="$logs/elasticmq.conf" -cp "$emq/lib/*" org.elasticmq.server.Main >"$logs/elasticmq" 2>&1 &
pids="$pids $!"
trap 'kill $pids 2>/dev/null; rm -rf "$logs"' EXIT

for p in "$mp" "$ep"; do
	for i in $(seq 120); do
		(: <"/dev/tcp/127.0.0.1/$p") 2>/dev/null && continue 2
		sleep 0.5
	done
	echo "peers.sh: a peer has not started:" >&2
	tail "$logs"/* >&2
	exit 1
done
AWSEMU_MOTO=http://127.0.0.1:$mp AWSEMU_ELASTICMQ=http://127.0.0.1:$ep "$@"

/// The command by which a node that has nothing of Muster becomes an agent: one constant text for every image that has a
/// shell and one of curl, wget, python3 and perl. It fetches the agent, checks its digest where the image can, and executes
/// it. An agent of these bytes that the image has is executed at once.
enum AgentBootstrap {
    /// - Parameters:
    ///   - address: Where the agent can be fetched by anybody.
    ///   - digest: The SHA-256 of its bytes.
    /// - Returns: The command; what comes after it are the agent's arguments.
    static func command(address: String, digest: String) -> [String] {
        ["/bin/sh", "-c", self.script, "muster-agent", address, digest]
    }

    /// `$1` is the address, `$2` the digest. The agent removes the folder that `MUSTER_AGENT_FOLDER` names when it ends.
    static let script = """
        address=$1 digest=$2; shift 2
        folder=
        fail() { [ -z "$folder" ] || rm -rf "$folder"; echo "muster: $1" >&2; exit 2; }
        is_right() {
            if command -v sha256sum >/dev/null 2>&1; then [ "$(sha256sum <"$1" | cut -c1-64)" = "$digest" ]
            elif command -v python3 >/dev/null 2>&1; then
                python3 -c 'import hashlib,sys; sys.exit(hashlib.sha256(open(sys.argv[1],"rb").read()).hexdigest()!=sys.argv[2])' "$1" "$digest"
            elif command -v openssl >/dev/null 2>&1; then [ "$(openssl dgst -sha256 -r <"$1" | cut -c1-64)" = "$digest" ]
            elif command -v perl >/dev/null 2>&1; then
                perl -MDigest::SHA -e 'exit(Digest::SHA->new(256)->addfile($ARGV[0],"b")->hexdigest ne $ARGV[1])' "$1" "$digest"
            else fail "this image has none of sha256sum, python3, openssl and perl to check the agent with"; fi
        }
        baked=$(command -v muster-agent 2>/dev/null) && is_right "$baked" && exec "$baked" "$@"
        folder=$(mktemp -d "${TMPDIR:-/tmp}/muster-agent-XXXXXXXX") || fail "no folder for the agent can be made in ${TMPDIR:-/tmp}"
        agent=$folder/muster-agent
        try=0
        while :; do
            if command -v curl >/dev/null 2>&1; then curl -fsS --connect-timeout 20 --speed-limit 1000 --speed-time 15 -o "$agent" "$address"
            elif command -v wget >/dev/null 2>&1; then wget -q -T 20 -O "$agent" "$address"
            elif command -v python3 >/dev/null 2>&1; then
                python3 -c 'import shutil,sys,urllib.request as r; shutil.copyfileobj(r.urlopen(sys.argv[1],timeout=20),open(sys.argv[2],"wb"))' "$address" "$agent"
            elif command -v perl >/dev/null 2>&1; then
                perl -MHTTP::Tiny -e '$r=HTTP::Tiny->new(timeout=>20)->mirror($ARGV[0],$ARGV[1]); $r->{success} or die "$r->{status} $r->{reason}\\n"' "$address" "$agent"
            else fail "this image has none of curl, wget, python3 and perl to fetch the agent with; bake muster-agent into it"; fi
            [ $? -eq 0 ] && break
            try=$((try + 1))
            [ $try -ge 5 ] && fail "the agent cannot be fetched from the store's bucket"
            sleep $((try * 2))
        done
        is_right "$agent" || fail "the agent that was fetched has other bytes than expected"
        chmod 0700 "$agent" || fail "the agent cannot be made executable"
        MUSTER_AGENT_FOLDER=$folder; export MUSTER_AGENT_FOLDER
        exec "$agent" "$@"
        """
}

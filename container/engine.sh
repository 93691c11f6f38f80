#!/bin/bash
# Make this machine able to build and run ImageTrove: a Docker engine that answers, and
# the base image debian:trixie-slim.
#
# Runs on the host, at the start of `./imagetrove build`, `up` and `test`. Does nothing
# where an engine answers and the image is there.
set -euo pipefail

readonly base=debian:trixie-slim
readonly daemon_log=/var/log/dockerd.log

main() {
    engine_answers || install_engine
    engine_answers || start_engine
    base_is_there || pull_base || make_base
}

say() { echo "engine: $*" >&2; }

# Say what failed and what helps, and stop.
stop() {
    say "$1"
    say "remedy: $2"
    exit 1
}

engine_answers() { timeout 20 docker info &>/dev/null; }
base_is_there() { docker image inspect "$base" &>/dev/null; }

# A `docker` on the PATH may be a client without an engine, so the daemon's own program decides.
install_engine() {
    if command -v dockerd >/dev/null; then
        return
    fi
    if ((EUID != 0)); then
        stop "no Docker engine answers, and only root can install one" \
            "run this as root, or let the administrator install Docker and add you to the group docker"
    fi
    if ! command -v apt-get >/dev/null; then
        stop "no Docker engine answers, and this is not a Debian machine" "install Docker, then try again"
    fi
    say "installing Debian's Docker engine (docker.io)"
    install_packages docker.io iptables
}

install_packages() {
    local log
    log=$(mktemp)
    if ! (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@") &>"$log"; then
        tail -n 5 "$log" >&2
        stop "apt-get could not install $*" "look at the lines above; the whole log is $log"
    fi
    rm -f "$log"
}

start_engine() {
    if ((EUID != 0)); then
        stop "no Docker engine answers, and only root can start one" \
            "run this as root, or be added to the group docker"
    fi
    if [[ -d /run/systemd/system ]]; then
        say "starting the Docker engine by systemd"
        systemctl start docker || stop "systemd could not start docker" "journalctl --unit docker"
    else
        say "starting the Docker engine in the background (no service manager runs here)"
        sweep_after_a_killed_engine
        setsid --fork dockerd >>"$daemon_log" 2>&1 </dev/null
    fi
    for _ in {1..60}; do
        if engine_answers; then
            return
        fi
        sleep 0.5
    done
    tail -n 5 "$daemon_log" >&2 || true
    stop "the Docker engine did not answer within 30 s" "read the end of $daemon_log"
}

# A killed engine leaves its process id and containerd's sockets behind; a new one then waits for
# programs that are gone, or takes a stranger's process for its own.
sweep_after_a_killed_engine() {
    if ! pgrep -x dockerd >/dev/null; then
        rm -f /run/docker.pid /var/run/docker.pid
    fi
    if ! pgrep -x containerd >/dev/null; then
        rm -f /run/containerd/containerd.sock /run/containerd/containerd.sock.ttrpc
        rm -f /run/docker/containerd/containerd.pid /run/docker/containerd/containerd.sock
    fi
}

pull_base() {
    say "pulling $base"
    if ! timeout 120 docker pull --quiet "$base" &>/dev/null; then
        say "$base cannot be pulled: no way to the image registry"
        return 1
    fi
    add_host_certificates
}

# The same content as the official image, from the Debian mirror that this machine uses itself.
make_base() {
    if ((EUID != 0)); then
        stop "only root can make the base image" "run this as root, or load $base by docker load"
    fi
    command -v debootstrap >/dev/null || install_packages debootstrap
    local root mirror security
    mirror=$(mirror_of Debian http://deb.debian.org/debian)
    security=$(mirror_of Debian-Security http://deb.debian.org/debian-security)
    say "making $base by debootstrap from $mirror (about half a minute)"
    root=$(mktemp -d)
    if ! debootstrap --variant=minbase trixie "$root" "$mirror" &>"$root.log"; then
        tail -n 5 "$root.log" >&2
        stop "debootstrap failed" "check that $mirror can be reached; the whole log is $root.log"
    fi
    slim_down "$root"
    cat >"$root/etc/apt/sources.list" <<-SOURCES
	deb $mirror trixie main
	deb $mirror trixie-updates main
	deb $security trixie-security main
	SOURCES
    tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$base" >/dev/null
    rm -rf --one-file-system "$root" "$root.log"
    add_host_certificates
}

mirror_of() {
    local label=$1 fallback=$2 found
    # shellcheck disable=SC2016  # apt fills in the names, not the shell
    found=$(apt-get indextargets --format '$(REPO_URI)' "Label: $label" "Component: main" 2>/dev/null | head -n 1) || true
    found=${found:-$fallback}
    echo "${found%/}"
}

# What the official slim image leaves out, now and in later layers; and no service starts in a build.
slim_down() {
    local root=$1
    rm -rf "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
    cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<-'EXCLUDES'
	path-exclude /usr/share/doc/*
	path-include /usr/share/doc/*/copyright
	path-exclude /usr/share/info/*
	path-exclude /usr/share/locale/*
	path-exclude /usr/share/man/*
	EXCLUDES
    echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' \
        >"$root/etc/apt/apt.conf.d/docker-clean"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
}

# Behind a proxy that inspects TLS, pip and npm inside a build need the certificates that this
# machine trusts. They lie beside Debian's own bundle, which a package would replace.
add_host_certificates() {
    local bundle
    bundle=$(host_bundle)
    if [[ -z $bundle ]]; then
        return
    fi
    say "adding this machine's certificates to $base ($bundle)"
    local context
    context=$(mktemp -d)
    cp "$bundle" "$context/host.crt"
    cat >"$context/Dockerfile" <<-DOCKERFILE
	FROM $base
	COPY host.crt /usr/local/share/host-ca-bundle.crt
	ENV PIP_CERT=/usr/local/share/host-ca-bundle.crt NODE_EXTRA_CA_CERTS=/usr/local/share/host-ca-bundle.crt
	DOCKERFILE
    docker build --quiet --tag "$base" "$context" >/dev/null 2>&1 ||
        stop "the certificates could not be added to $base" "docker image rm $base, then try again"
    rm -rf "$context"
}

# The bundle that this machine was told to use instead of Debian's own; nothing when there is none.
host_bundle() {
    local bundle=${PIP_CERT:-${SSL_CERT_FILE:-${REQUESTS_CA_BUNDLE:-${CURL_CA_BUNDLE:-${NODE_EXTRA_CA_CERTS:-}}}}}
    if [[ -z $bundle ]] && compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        bundle=/etc/ssl/certs/ca-certificates.crt
    fi
    if [[ -r $bundle ]]; then
        readlink -f "$bundle"
    fi
}

main "$@"

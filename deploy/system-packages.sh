#!/usr/bin/env bash
# Installs the system packages that are missing: `system-packages.sh run|test`; with
# DIRECTORY=ad those of the demo's Active Directory too.
#
# What is there is found out by looking for the thing itself, not for a package,
# so that a Python from elsewhere or another distribution will do. When nothing is
# missing, nothing is touched. Otherwise apt installs it when we are root or sudo
# asks for no password, else the script lists what to install and stops.
set -euo pipefail

purpose=${1:?run or test}
python=${PYTHON:-python3}

has() { command -v "$1" >/dev/null; }
has_header() { [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ]; }
has_python_header() {
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' 2>/dev/null
}

missing=()
optional=() # what some tests need, and can be done without
need() { # package, then the command that succeeds when it is there
    local package=$1
    shift
    "$@" || missing+=("$package")
}

PATH=$PATH:/usr/sbin:/sbin # slapd stands there, and an ordinary user's PATH lacks it
debian_python=python3 # its packages; those of PYTHON=python3.12 are called so
[[ $python =~ ^python3\.[0-9]+$ ]] && debian_python=$python
need "$debian_python" has "$python"
need "$debian_python-venv" "$python" -c 'import ensurepip, venv' 2>/dev/null
need "$debian_python-dev" has_python_header
need gcc has gcc
need libldap2-dev has_header ldap.h
need libsasl2-dev has_header sasl/sasl.h
need slapd has slapd
need ldap-utils has ldapsearch
has_samba() {
    has samba && has samba-tool && test -e /usr/share/samba/setup/provision.ldif &&
        compgen -G '/usr/lib/*/samba/ldb/samba_dsdb.so' >/dev/null
}
if [ "$purpose" = run ] && [ "${DIRECTORY:-}" = ad ]; then
    has_samba || missing+=(samba-ad-dc samba-ad-provision)
fi
if [ "$purpose" = test ]; then
    # Ubuntu has Chromium as a snap only, which not every machine can take: tests that
    # need a browser are skipped there unless somebody installs one.
    has_browser() { has chromium || has chromium-browser || has google-chrome || grep -qx ID=ubuntu /etc/os-release; }
    has_postgresql() { has postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
    need gettext has msgfmt
    need chromium has_browser
    need fonts-dejavu-core test -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    need postgresql has_postgresql
    need redis-server has redis-server

    # Active Directory and 389 Directory Server for real: not every distribution has them,
    # and where they are missing their tests say so and are skipped. Samba's ports are
    # those of Active Directory, which only root may open.
    has_ds389() { has ns-slapd && has certutil && test -e /usr/share/dirsrv/data/template-dse.ldif; }
    has_ds389 || optional+=(389-ds-base)
    [ "$(id -u)" -ne 0 ] || has_samba || optional+=(samba-ad-dc samba-ad-provision)
fi

[ ${#missing[@]} -eq 0 ] && [ ${#optional[@]} -eq 0 ] && exit 0

stop() {
    if [ ${#missing[@]} -eq 0 ]; then
        echo "The tests that need them will be skipped, for these packages are missing: ${optional[*]}" >&2
        exit 0
    fi
    {
        echo
        echo "$1"
        echo "As root:"
        echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        echo "Then run make again. (Not Debian or Ubuntu: install what these packages are called there.)"
    } >&2
    exit 1
}

has apt-get || stop "These are missing, and there is no apt-get to install them: ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
    as_root=(env)
elif has sudo && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    stop "These Debian packages are missing, and installing them needs root: ${missing[*]}"
fi

apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
# Old lists name packages that are gone from the mirrors; a foreign source that does
# not answer is no reason to stop.
"${apt[@]}" update >/dev/null 2>&1 || echo "apt-get update had trouble; trying with the lists that are there." >&2
for package in "${optional[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        missing+=("$package")
    else
        echo "There is no package $package here: the tests that need it will be skipped." >&2
    fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

# Debian starts slapd when it is installed, for the whole network on port 389, and
# postgresql at the machine's own address. We need the programs, no service: these
# files (see /etc/default/slapd, man pg_createcluster) keep slapd from being started
# and postgresql from making a cluster to start. Samba, 389 and Redis have no such file: while
# they are installed a policy forbids every start (see man invoke-rc.d), and then they
# are switched off. What is here already is somebody's, and left alone.
policy=/usr/sbin/policy-rc.d
policy_made=
services=() # that must neither start now nor with the machine
log=$(mktemp)
clean_up() {
    rm -f "$log"
    [ -z "$policy_made" ] || "${as_root[@]}" rm -f "$policy"
}
trap clean_up EXIT
for package in "${missing[@]}"; do
    if [ "$package" = slapd ]; then
        "${as_root[@]}" sh -c 'mkdir -p /etc/ldap && echo "slapd was installed for tests; remove this file to run it as a service" >/etc/ldap/noslapd'
    elif [ "$package" = postgresql ]; then
        "${as_root[@]}" sh -c 'mkdir -p /etc/postgresql-common/createcluster.d && printf "%s\n" "# postgresql was installed for tests; remove this file for a cluster to run as a service" "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/ldapsync.conf'
    elif [ "$package" = samba-ad-dc ]; then
        for service in smbd nmbd samba-ad-dc winbind; do
            [ -e "/etc/init.d/$service" ] || [ -e "/lib/systemd/system/$service.service" ] || services+=("$service")
        done
    elif [ "$package" = 389-ds-base ]; then
        services+=(dirsrv-snmp)
    elif [ "$package" = redis-server ]; then
        services+=(redis-server)
    fi
done
if [ ${#services[@]} -gt 0 ] && [ ! -e "$policy" ]; then
    policy_made=yes
    "${as_root[@]}" sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
fi

echo "Installing Debian packages: ${missing[*]} …"
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    stop "apt-get could not install: ${missing[*]} (its last lines stand above)."
}
# Without systemd the same names are scripts of init, which systemctl knows as well.
for service in "${services[@]}"; do
    { has systemctl && "${as_root[@]}" systemctl --quiet disable "$service"; } >/dev/null 2>&1 ||
        "${as_root[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
done

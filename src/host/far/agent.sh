# The far end of sipctl: reads requests on standard input, answers on standard output. A request is a
# line `NUMBER SIZE DATA`, SIZE bytes of script made of calls to the functions below, DATA bytes of
# data they take. An answer ends with a line that starts with the nonce $N; so does each part of it.
# Needs nothing but POSIX and coreutils or busybox. Lines that start with # are not sent.
LC_ALL=C
export LC_ALL
unset CDPATH
usual=$(umask)
umask 077
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
exec 4>&1
trap '' USR1
m() { printf '\n%s %s\n' "$N" "$*" >&4; }
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'sipctl: %s\n' "$1"; return 1; }

# Exactly $1 bytes of standard input: some tools read further than they give, some give less.
take_head() { head -c "$1"; }
take_full() { dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
take_slow() { dd bs=1 count="$1" 2>/dev/null; }
exact() {
  set -- $(dd if=/dev/zero bs=70000 count=2 2>/dev/null | { "$1" 100000 | wc -c; wc -c; })
  [ "$1" = 100000 ] && [ "$2" = 40000 ]
}
for way in take_head take_full take_slow; do exact $way 2>/dev/null && break; done
take() { [ "$1" -le 0 ] || $way "$1"; }

stat -L -c '%d %i %u %g %f %h %s %Y %y %n' / >/dev/null 2>&1 && stats=yes || stats=
has flock && flocks=yes || flocks=
has sha256sum && sums=yes || sums=
# /dev is in memory: finding out waits for no busy disk.
if ! has sync; then syncs=
elif ! sync /nonexistent/sipctl >/dev/null 2>&1 && sync /dev >/dev/null 2>&1; then syncs=file
elif dd if=/dev/null of=/dev/null conv=fsync >/dev/null 2>&1 || dd --help 2>&1 | grep fsync >/dev/null; then syncs=dd
else syncs=all
fi
case $(mv --help 2>&1) in *-T*) moves=-T ;; *) moves= ;; esac
case $(cp --help 2>&1) in *--attributes-only*) dresses=yes ;; *) dresses= ;; esac
has getfacl && has setfacl && acls=yes || acls=
[ -d /sys/fs/selinux/class ] && labels=yes || labels=
# Whether anything here would show that a file has an access control list, and gives a new one a label;
# the ls of busybox does not.
seen=yes
[ -n "$dresses$acls" ] || case $(ls --help 2>&1) in *[Bb]usy[Bb]ox* | *[Tt]oybox*) seen= ;; esac
[ -n "$dresses" ] || [ -z "$labels" ] || has chcon || seen=
line() { l=; read -r l 2>/dev/null <"$1"; printf '%s\0' "$l"; }

# Counts the beats: without one for 30 seconds, everything that was started here ends.
watch() {
  trap 'n=0' USR1
  n=0
  while sleep 5; do
    n=$((n + 1))
    [ "$n" -lt 6 ] || kill -s KILL 0
  done
}

# Hands requests on; the beats, and the end of the link, are heard at once whatever is under way.
feed() {
  while IFS=' ' read -r seq size left; do
    kill -s USR1 "$W" 2>/dev/null
    case $seq in
    b) ;;
    q) kill "$W"; exit 0 ;;
    *) printf '%s %s %s\n' "$seq" "$size" "$left"; take $((size + left)) ;;
    esac
  done
  kill -s KILL 0
}

serve() {
  while IFS=' ' read -r seq size left; do
    script=$(take "$size")
    m '<' "$seq"
    bad= ok=0
    eval "$script"
    take "$left" >/dev/null
    m '>' "$seq" "$ok"
  done
}

# Reading. look b|m PATH...: what the paths are; with b also the bytes of those that are files.
look() {
  how=$1 last=
  shift
  for p do
    shift
    f=-
    [ "$how" = b ] && [ -f "$p" ] && [ -r "$p" ] && f=b && set -- "$@" "$p"
    d=${p%/*}
    if [ -L "$p" ] || [ -z "${p##*/..}" ] || [ "$p" = / ]; then
      r=$(readlink -f -- "$p" && echo x)
      printf '%sl%s\0' "$f" "${r%??}"
    elif [ "$d/" = "$last" ]; then printf '%s=\0' "$f"
    elif cd -P -- "$d/" 2>/dev/null; then last=$d/; printf '%sd%s\0' "$f" "$PWD"
    else last=; printf '%sx\0' "$f"
    fi
  done
  cd /
  m '|'
  [ "$how" = m ] || [ $# = 0 ] || cat -- "$@" 2>/dev/null
  m '|'
}
sizes() {
  e=$(stat -L -c '%d %i %u %g %f %h %s %Y %y %n' -- "$@" 2>&1 >&4)
  m '|'
  printf '%s' "$e"
  m '|'
}
# looks b|m PATH...: with sizes before and after, so that one stream of bytes can be told apart.
looks() {
  how=$1
  shift
  printf '%s\0' "$@"
  m '|'
  sizes "$@"
  look "$how" "$@"
  if [ "$how" = b ]; then sizes "$@"; fi
}
# slurp PATH...: one by one, with what stands in the way.
slurp() {
  for p do
    e=$(cat -- "$p" 2>&1 >&4)
    m '|'
    printf '%s' "$e"
    m '|'
  done
}
# globs b|m PATTERN...: the words are unquoted patterns; those that match nothing are left out. Shells
# move all their words for each one that is added: it is done in parts.
first=
k=1
while [ $k -le 400 ]; do first="$first \"\${$k}\"" k=$((k + 1)); done
globs() {
  how=$1
  shift
  while [ $# -gt 400 ]; do
    eval "some \"\$how\" $first"
    shift 400
  done
  some "$how" "$@"
  m 0
}
some() {
  how=$1
  shift
  for p do
    shift
    if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi
  done
  [ $# = 0 ] || { m "$#"; looks "$how" "$@"; }
}
# folder PATH: everything in it.
folder() {
  if [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; then
    globs m "${1%/}"/* "${1%/}"/.[!.]* "${1%/}"/..?*
  else
    ls -- "$1/" 2>&1 >/dev/null
    m 0
  fi
}
mounts() {
  cat /proc/self/mountinfo 2>/dev/null
  m '|'
}

# Acting. s counts what was done, is heard now and then, and stops at the first failure; w takes back
# what a sync failed for.
s() {
  [ -z "$bad" ] || return
  if "$@"; then ok=$((ok + 1)); else bad=1; return; fi
  case $ok in *00) m going ;; esac
}
w() { [ -z "$bad" ] || return; k=$1; shift; "$@" || { bad=1; ok=$((ok - k)); }; }
durable() {
  case $syncs in
  file) sync -- "$@" ;;
  dd) for p do if [ -d "$p" ]; then sync; else dd if=/dev/null of="$p" bs=1 count=0 conv=notrunc,fsync; fi || return; done ;;
  all) sync ;;
  *) say 'there is no program sync' ;;
  esac
}
acted() { m "acted $ok"; }
many() { if [ "$syncs" = file ] && sync -f -- "$1" 2>/dev/null; then return; else sync; fi; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
fill() {
  left=$((left - $2))
  take "$2" | (cat >"$1"; c=$?; cat >/dev/null; exit $c)
}
fresh() {
  if there "$1"; then say 'File exists'; m creating; return 1; fi
  (set -C; : >"$1") || { m creating; return 1; }
}
own() { stat -L -c '%u:%g' -- "$1"; }
bits() { stat -L -c '%a' -- "$1"; }
lost() { m "lost $*"; return 1; }
dress() {
  o=$(own "$1") && b=$(bits "$1") || { m model; return 1; }
  if [ -n "$dresses" ]; then
    keep=mode,ownership,xattr
    [ -z "$labels" ] || keep=$keep,context
    cp --attributes-only --preserve=$keep -- "$1" "$2"
    c=$?
  else
    c=0
    [ "$o" = "$(own "$2")" ] || chown -- "$o" "$2"
    if [ -n "$acls" ]; then getfacl -p -- "$1" | setfacl --set-file=- -- "$2" || { lost acl; return 1; }
    else case $(ls -ld -- "$1") in ??????????+*) lost acl; return 1 ;; esac
    fi
    chmod -- "$b" "$2"
    if [ -n "$labels" ] && has chcon; then chcon --reference="$1" -- "$2" || { lost label; return 1; }; fi
  fi
  [ "$o" = "$(own "$2")" ] || { lost owner "$o"; return 1; }
  [ "$b" = "$(bits "$2")" ] || { lost mode "$b"; return 1; }
  if [ -n "$acls" ] && [ "$(getfacl -cnp -- "$1")" != "$(getfacl -cnp -- "$2")" ]; then lost acl; return 1; fi
  [ "$c" = 0 ] || lost attribute
}
# create PATH MODE LIKE SIZE
create() {
  fresh "$1" || return
  { if [ -n "$3" ]; then dress "$3" "$1"; else chmod -- "$2" "$1"; fi; } && fill "$1" "$4" && return
  rm -f -- "$1"
  return 1
}
append() {
  left=$((left - $2))
  take "$2" | (cat >>"$1"; c=$?; cat >/dev/null; exit $c)
}
# stamps FILE BEFORE AFTER PATH...: without a path, none. One stat for many.
stamps() {
  f=$1 l=$2 e=$3 c=
  shift 3
  while [ $# -gt 400 ]; do
    eval "stamped $first" || return
    shift 400
  done
  stamped "$@" || return
  printf '%s%s' "$l" "$e" >>"$f"
}
stamped() {
  g=$(
    for p do
      shift
      [ -z "$p" ] || set -- "$@" "$p"
    done
    [ $# = 0 ] || stat -L -c '%i %s %Y %y' -- "$@"
  ) || return
  for p do
    if [ -z "$p" ]; then l=$l${c}null
    else
      read -r i k t h
      case $h in *.*) h=${h#*.}; h=${h%% *} ;; *) h= ;; esac
      h=${h#"${h%%[!0]*}"}
      l="$l$c{\"inode\":$i,\"size\":$k,\"mtime\":[$t,${h:-0}]}"
    fi
    c=,
  done <<EOF
$g
EOF
}
# still PATH 'DEVICE INODE SIZE SECONDS' FRACTION SHA-256 SIZE
still() {
  g=$(stat -L -c '%d %i %s %Y %y' -- "$1") || { there "$1" && return 1; m changed; return 1; }
  h=${g#"$2 "}
  case $h in "$g") m changed; return 1 ;; esac
  case $h in *.*) h=${h#*.}; h=${h%% *} ;; *) h=000000000 ;; esac
  [ "$h" = "$3" ] || { m changed; return 1; }
  if [ -n "$4" ]; then
    h=$(sha256sum <"$1") || return
    [ "${h%% *}" = "$4" ] && return
  else
    left=$((left - $5))
    take "$5" | (cmp -s - "$1"; c=$?; cat >/dev/null; exit $c)
    case $? in 0) return 0 ;; 1) ;; *) say 'there is no program sha256sum or cmp'; return 1 ;; esac
  fi
  m changed
  return 1
}
absent() { [ -e "$1" ] || return 0; m changed; return 1; }
folder_made() { mkdir -m "$2" -- "$1" 2>/dev/null || [ -d "$1" ] || mkdir -m "$2" -- "$1"; }
copied() {
  fresh "$2" || return
  dress "$1" "$2" && cat -- "$1" >"$2" && durable "$2" && return
  rm -f -- "$2"
  return 1
}
linked() {
  if ! there "$1"; then say 'No such file or directory'; return 1; fi
  if there "$2"; then say 'File exists'; return 1; fi
  ln -- "$1" "$2" 2>/dev/null || copied "$1" "$2"
}
# A mv without -T moves into a folder that is there.
onto() {
  if [ -z "$moves" ] && [ -d "$2" ]; then
    if [ -L "$2" ]; then say 'Is a directory'; return 1; fi
    rmdir -- "$2" || return
  fi
  mv -f $moves -- "$1" "$2"
}
moved() {
  if ! there "$1"; then say 'No such file or directory'; return 1; fi
  if [ -d "$2" ] && ! [ -L "$2" ] && ! [ -d "$1" ]; then say 'Is a directory'; return 1; fi
  if [ "${1%/*}" = "${2%/*}" ] || [ -d "$1" ] || [ "$(stat -c %d -- "$1")" = "$(stat -c %d -- "${2%/*}/")" ]; then
    onto "$1" "$2"
    return
  fi
  t=${2%/*}/.${2##*/}.sipctl-$$
  copied "$1" "$t" || return
  onto "$t" "$2" || { rm -f -- "$t"; return 1; }
  rm -f -- "$1"
}
# One write over the old bytes, then the rest is cut off.
in_place() {
  left=$((left - $2))
  if [ -L "$1" ] || ! [ -f "$1" ]; then
    take "$2" >/dev/null
    if [ -L "$1" ]; then say 'Too many levels of symbolic links'; else say 'No such file or directory'; fi
    return
  fi
  if [ "$2" -gt 0 ]; then
    take "$2" | (dd of="$1" obs="$2" conv=notrunc; c=$?; cat >/dev/null; exit $c) || return
  fi
  dd if=/dev/null of="$1" bs=1 seek="$2" count=0
}
removed() { ! there "$1" || rm -f -- "$1"; }
folder_removed() { ! there "$1" || rmdir -- "$1"; }
touched() { if [ -e "$1" ]; then touch -m -c -- "$1"; else say 'No such file or directory'; fi; }

# Running. run SIZE PROGRAM ARGUMENT...: standard output streams; standard error, as much of its end as
# is kept, comes after it. What the shell itself has to say of how a program ended is not the program's.
# The size of standard output tells whether somebody else printed into it.
program() {
  trap - USR1
  umask "$usual"
  exec "$@" 2>&5 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}
run() {
  k=$1
  shift
  {
    r=$(
      {
        {
          if [ "$k" -gt 0 ]; then take "$k" | ( (program "$@"); c=$?; cat >/dev/null; exit $c)
          else (program "$@") </dev/null
          fi
          printf '%s ' $? >&6
        } 2>/dev/null | dd bs=65536 2>&1 >&4 | {
          n=
          while read -r k b c; do [ "$b" != bytes ] || n=$k; done
          printf '%s' "$n" >&6
        }
      } 6>&1
    )
    c=${r%% *} n=${r#* }
    case $c in 126 | 127) has "$1" || c=missing ;; esac
    m '|' "$c" "$n"
  } 5>&1 | tail -c 16777216 >&4
  left=$((left - k))
  m '|'
}

# Locking. lock FD FOLDER TRIES; $locked is whether it was taken; `late` where not at once.
lock() {
  locked= late=
  (eval "exec $1<\"\$2/\"") || { m failed; return; }
  eval "exec $1<\"\$2/\""
  k=$3
  while :; do
    if e=$(flock -n "$1" 2>&1); then locked=yes; m locked $late; return; fi
    if [ -n "$e" ]; then unlock "$1"; m without; return; fi
    late=late
    k=$((k - 1))
    if [ "$k" -le 0 ]; then unlock "$1"; m busy; return; fi
    sleep 0.01 2>/dev/null || sleep 1
  done
}
unlock() { eval "exec $1<&-"; }
# holder PATH: what is in the stand-in, and whether process $2 is there.
holder() {
  cat -- "$1/holder" 2>/dev/null
  m '|'
}
alive() { if [ -d "/proc/$1" ]; then m yes; else m no; fi; }
# stand_in OWN PATH SIZE: made at one moment, with its holder in it. A mv without -T may have moved it
# into that of somebody else.
stand_in() {
  left=$((left - $3))
  if ! mkdir -- "$1"; then take "$3" >/dev/null; m failed; return; fi
  take "$3" | (cat >"$1/holder"; c=$?; cat >/dev/null; exit $c) || { rm -rf -- "$1"; m failed; return; }
  h=$(cat -- "$1/holder")
  if ! mv $moves -- "$1" "$2" 2>/dev/null; then
    [ -d "$2" ] && k=busy || k=failed
    rm -rf -- "$1"
    m $k
  elif [ -d "$2/${1##*/}" ]; then
    rm -rf -- "$2/${1##*/}"
    # Who was just leaving could not remove it.
    rmdir -- "$2" 2>/dev/null
    m busy
  elif [ "$(cat -- "$2/holder" 2>/dev/null)" = "$h" ]; then m locked
  else m busy
  fi
}
# stale PATH ASIDE SIZE: of several who find it stale one moves it away; it must be what was stale.
stale() {
  left=$((left - $3))
  rm -rf -- "$2"
  if mv $moves -- "$1" "$2" 2>/dev/null; then
    if take "$3" | (cmp -s - "$2/holder"; c=$?; cat >/dev/null; exit $c); then rm -rf -- "$2"; else mv $moves -- "$2" "$1"; fi
  else take "$3" >/dev/null
  fi
}
gone() { rm -rf -- "$1"; }

printf '\n%s hello\n' "$N"
printf '%s\0' "$(id -u)" "$(date +%s.%N)" "$stats" "$flocks" "$sums" "$seen" $$ "$(readlink /proc/self/ns/pid)"
line /proc/sys/kernel/random/boot_id
line /proc/sys/kernel/hostname
printf '\n%s ready\n' "$N"
watch </dev/null >/dev/null 2>&1 4>&- &
W=$!
feed | serve 2>&1
exit

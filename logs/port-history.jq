# Questions to the port history, for jq 1.6 and later.
#
# The history is a file of JSON, one record a line; docs/formats.md describes the records. A killed
# program can leave half a line behind, and plain jq stops there, so the file is read as text (-R) and
# each line is parsed by itself. `-n` goes with it: without it jq takes the first line for itself.
#
#   jq -cnR -L logs 'include "port-history"; history | conflicts_by_holder[]' logs/port-history.jsonl
#
# `history` is an array of all records, oldest first, and most functions below take such an array, so
# they can be combined: `history | of_app("notes") | since("2026-11-20") | conflicts_by_class[]`.
# Times are UTC and written as in the records; any beginning of one will do, such as "2026-11-22T14".

# --- Reading ---------------------------------------------------------------------------------------

# Every record of the input, one after the other. A line that is no record is passed over.
def records: inputs | fromjson? | select(type == "object" and has("event") and has("ts"));

# Every record of the input, as an array.
def history: [records];

# Every line of the input that is no record: what a crash or a full disk has left.
def broken_lines:
  inputs
  | select(. != "" and [fromjson? | type == "object" and has("event") and has("ts")] != [true]);

# --- Choosing records: array of records -> array of records ---------------------------------------

# Those of one app.
def of_app($app): map(select(.app == $app));

# Those of one event, such as "port_moved".
def of_event($event): map(select(.event == $event));

# Those at or after a time.
def since($from): ($from | rtrimstr("Z")) as $from | map(select(.ts >= $from));

# Those at or after one time and before another.
def between($from; $to): ($to | rtrimstr("Z")) as $to | since($from) | map(select(.ts < $to));

# A beginning of a time, such as "2026-11-22T14:05", as seconds since 1970.
def seconds:
  rtrimstr("Z") | .[0:19] | . + ("1970-01-01T00:00:00"[length:]) + "Z" | fromdateiso8601;

# Those within so many seconds of a time, before or after.
def around($time; $distance):
  ($time | seconds) as $middle
  | ($middle - $distance | todate | rtrimstr("Z")) as $from
  | ($middle + $distance | todate) as $to
  | map(select(.ts >= $from and .ts <= $to));

# --- Telling ---------------------------------------------------------------------------------------

# record -> the name of the holder in it, as well as it is known; null if nobody was found.
def holder_name:
  .holder
  | if . == null then null
    elif .name != null then .name
    elif .user != null then "a process of user \(.user)"
    elif .pid != null then "process \(.pid)"
    else null end;

# value -> the same in one word where it is one, and quoted where it is not.
def as_word: tostring | if explode | any(. <= 32) then tojson else . end;

# record -> one line for a person.
def as_line:
  . as $record
  | [ "port", "from", "to", "previous", "origin", "class", "why", "tried", "key", "server_pid", "url",
      "relation", "file", "problem", "source", "attempt", "exit_code", "signal", "reason", "by", "error",
      "elapsed_ms", "since_spawn_ms", "uptime_ms", "delay_ms"
      | . as $key
      | select($record[$key] != null)
      | "\($key)=\($record[$key] | as_word)" ] as $facts
  | ($record | holder_name) as $name
  | ( if $name == null then []
      elif $record.holder.pid == null then ["holder=\($name)"]
      else ["holder=\($name) (pid \($record.holder.pid))"] end ) as $holder
  | "\(.ts[0:10]) \(.ts[11:23]) \(.app)/\(.process) " + ([.event] + $facts + $holder | join(" "));

# --- Conflicts: array of records -> array of rows, the most frequent first -------------------------

# What several conflicts have in common.
def conflict_row:
  { conflicts: length,
    ports: (map(.port) | unique),
    first_at: (map(.ts) | min),
    last_at: (map(.ts) | max) };

# Who takes our ports, how often and when. A holder of null stands for the conflicts in which nobody
# was found, most of them with a port that the system or the policy keeps.
def conflicts_by_holder:
  of_event("port_conflict")
  | group_by([holder_name, .holder.user])
  | map({ holder: (.[0] | holder_name), user: .[0].holder.user }
        + conflict_row
        + { classes: (map(.class) | unique), pids: (map(.holder.pid | values) | unique) })
  | sort_by([-.conflicts, .holder]);

# What keeps ports from us, how often and when.
def conflicts_by_class:
  of_event("port_conflict")
  | group_by(.class)
  | map({ class: .[0].class } + conflict_row
        + { holders: (map(holder_name | values) | unique) })
  | sort_by([-.conflicts, .class]);

# --- Ports -----------------------------------------------------------------------------------------

# array of records -> those that have to do with one port, oldest first.
def port_story($port):
  map(select(
    .port == $port
    or (.event == "port_moved" and (.from == $port or .to == $port))
    or (.event == "program_elsewhere" and (.asked == $port or .took == $port))
    or (.event == "port_assigned" and .previous == $port)
    or (.event == "settings_changed" and .key == "port"
        and (.from == "\($port)" or .to == "\($port)"))));

# array of records -> the last good port of each app, as a row.
def last_good:
  of_event("port_assigned")
  | group_by(.app)
  | map(.[-1] | { app, port, since: .ts, generation, previous });

# array of records -> the last good port of one app, as a number; nothing if it has none.
def last_good($app): last_good[] | select(.app == $app) | .port;

# --- Launches: array of records -> array of rows, oldest first -------------------------------------

# Whether this record ends its launch.
def ends_launch:
  .event | . == "launch_stopped" or . == "launch_failed" or . == "launch_gave_up"
           or . == "instance_found";

# Whether the launch has a port from this record on: it listens, or is bound for a program.
def is_claim: .event | . == "port_claimed" or . == "port_reserved";

# Whether this record can be of a command that starts nothing, such as `settings set` or `forget`: it
# writes under a launch_id of its own.
def may_be_of_a_command:
  .event | . == "settings_changed" or . == "port_forgotten" or . == "state_recovered";

# array of records -> those of each launch, as an array of arrays.
def by_launch: group_by(.launch_id) | map(select(all(may_be_of_a_command) | not));

# array of records -> how many restarts they tell of that were asked for, or ("failed") that followed a
# failure. Version 0.1.0 recorded no others, and not why.
def restarts($why): of_event("server_restarting") | map(select((.why // "failed") == $why)) | length;

# Each launch in one row. `ended` names the record that ended it, and `ended_by` from where that was
# asked for; null if there is none.
def launches:
  by_launch
  | map((map(select(is_claim))[-1] // {}) as $claim
        | (map(select(.event == "server_ready"))[0] // {}) as $ready
        | (map(select(ends_launch))[-1] // {}) as $ending
        | { launch_id: .[0].launch_id,
            app: .[0].app,
            pid: .[0].pid,
            started_at: .[0].ts,
            port: $claim.port,
            origin: $claim.origin,
            conflicts: (of_event("port_conflict") | length),
            ready_ms: $ready.elapsed_ms,
            starts: (of_event("server_spawned") | length),
            restarts_asked: restarts("asked"),
            restarts_failed: restarts("failed"),
            last_at: .[-1].ts,
            last_event: .[-1].event,
            ended: $ending.event,
            ended_by: $ending.by })
  | sort_by(.started_at);

# The launches in which an app changed its port, with the conflict that made it do so; `because` is
# null where none did: a person asked for it, or the home port is free again (`why`).
def launches_that_moved:
  group_by(.launch_id)
  | map((map(select(.event == "port_conflict"))) as $conflicts
        | .[]
        | select(.event == "port_moved")
        | .from as $from
        | { ts, app, launch_id, from, to, why,
            because: ($conflicts | map(select(.port == $from))[0]
                      | if . == null then null
                        else { class, holder: holder_name, pid: .holder.pid } end) })
  | sort_by(.ts);

# The launches without an end: killed, lost with the machine, or still running. `pid` is that of the
# process that began it, so that one can look whether it is still there.
def unfinished_launches:
  launches | map(select(.ended == null) | { launch_id, app, pid, started_at, port, last_at, last_event });

# The launches that held a port at a time: what an app's address was then. A launch without an end
# counts until the next launch of its app that got a port.
def ports_at($time):
  ($time | rtrimstr("Z")) as $time
  | map(select(.ts <= $time))
  | group_by(.app)
  | map((launches | map(select(.port != null))[-1] // { ended: true })
        | select(.ended == null)
        | { app, port, launch_id, since: .started_at });

# How long each launch took from its start to its first ready server, in milliseconds.
def time_to_ready:
  launches | map(select(.ready_ms != null) | { started_at, app, launch_id, port, conflicts, ms: .ready_ms });

# array of numbers -> the one below which a share of them lies, such as 0.5 for the median.
def percentile($share): sort | .[(length - 1) * $share | floor];

# The same in one row for each app.
def time_to_ready_by_app:
  time_to_ready
  | group_by(.app)
  | map(map(.ms) as $ms
        | { app: .[0].app,
            launches: length,
            median_ms: ($ms | percentile(0.5)),
            p95_ms: ($ms | percentile(0.95)),
            slowest_ms: ($ms | max) });

# --- Completeness ----------------------------------------------------------------------------------

# array of ALL records -> the gaps in the count that every process keeps of its records, as rows:
# `lost` records are missing after the one with `after_seq` (null: before its first). A process that
# lost its very last records leaves no gap; see unfinished_launches.
def lost_records:
  [ group_by([.launch_id, .process, .pid])[]
    | sort_by(.seq) as $written
    | range($written | length) as $index
    | (if $index == 0 then null else $written[$index - 1].seq end) as $after
    | $written[$index]
    | (.seq - 1 - (if $after == null then -1 else $after end)) as $lost
    | select($lost > 0)
    | { app, launch_id, process, pid, after_seq: $after, before_seq: .seq, lost: $lost, before: .ts } ];

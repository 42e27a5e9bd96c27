# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sipctl_global_optspecs
    string join \n pbx= group= all jobs= accept-new-host-key ssh-password-file= config= o/output= color= v/verbose h/help V/version
end

function __fish_sipctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sipctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sipctl_using_subcommand
    set -l cmd (__fish_sipctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sipctl -n "__fish_sipctl_needs_command" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_needs_command" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_needs_command" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_needs_command" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_needs_command" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_needs_command" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_needs_command" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_needs_command" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_needs_command" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_needs_command" -s V -l version -d 'Print version'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "ext" -d 'Add, change, delete and show extensions'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "apply" -d 'Make PBXes as a list says: one plan, one write a file, one reload, everything proved'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "diff" -d 'Show what differs: files and the running engine, a list and the files, two PBXes'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "export" -d 'Write the extensions of PBXes as a list that apply, diff and edit take'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "import" -d 'Turn what another program exports into a list; no PBX is touched'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "edit" -d 'Edit one extension in $VISUAL or $EDITOR'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "reload" -d 'Reload the engine and prove that it holds what the files say'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "history" -d 'Show what was changed: when, by whom, why, and what changed without sipctl'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "undo" -d 'Take back the newest change, another one, or all since a time'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "confirm" -d 'Keep the change that waits to be confirmed'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "recover" -d 'Put right what an interrupted change left open'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "pbx" -d 'Show the PBXes sipctl knows'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c sipctl -n "__fish_sipctl_needs_command" -f -a "help" -d 'Explain a command or a topic'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "add" -d 'Add extensions, in the style of their neighbours'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "create" -d 'Add extensions, in the style of their neighbours'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "new" -d 'Add extensions, in the style of their neighbours'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "passwd" -d 'Give extensions a new password, the one that counts'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "reset" -d 'Give extensions a new password, the one that counts'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "set" -d 'Change fields and options of extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "renumber" -d 'Give an extension another number, everything else kept'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "rename" -d 'Give an extension another number, everything else kept'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "rm" -d 'Delete extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "delete" -d 'Delete extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "del" -d 'Delete extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "list" -d 'List extensions, as the engine reads them from the files'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "show" -d 'Show one extension: every effective setting with file and line, and who is registered'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "disable" -d 'Stop extensions from registering and calling, everything kept'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "enable" -d 'Let disabled extensions register and call again'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "kick" -d 'Drop the registrations of extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "notify" -d 'Ask the phones of extensions to fetch their settings'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "copy" -d 'Make the same extensions on another PBX, passwords too'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and not __fish_seen_subcommand_from add create new passwd reset set renumber rename rm delete del list show disable enable kick notify copy move" -f -a "move" -d 'Make the same extensions on another PBX, passwords too, and delete them here'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l like -d 'Take the settings of this extension' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l template -d 'Use these templates for endpoint, auth and AOR' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l file -d 'Write into this file of the configuration' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l domain -d 'The domain it is to stand in (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l cid-name -l name -d 'Caller id name' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l cid-number -d 'Caller id number' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l outbound-cid-name -d 'Caller id name of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l outbound-cid-number -d 'Caller id number of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l context -d 'The context its calls start in' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l codecs -d 'Codecs in order of preference, as in g722,ulaw (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l transport -d 'Transport (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l webrtc -d 'Set it up for browsers, or take that back with --webrtc=no' -r -f -a "yes\t'Yes'
no\t'No'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l max-contacts -d 'How many phones may register at once' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l mailbox -d 'Voicemail box' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l call-group -d 'Call groups it belongs to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l pickup-group -d 'Call groups it may pick up (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l toll-allow -d 'Classes of numbers it may call (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l accountcode -d 'Account code of its call records' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l language -d 'Language of prompts' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l ip -d 'Addresses it is known by instead of a password' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l permit -d 'Networks it may come from' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l description -d 'Free text' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l set -d 'Set an option of the engine, as in endpoint.direct_media=yes (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l add -d 'Add a value to a repeated option, as in endpoint.permit=10.0.0.0/8 (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l unset -d 'Remove an option, or one of its values (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l voicemail-pin -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l email -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l password-file -d 'Read the password from a file; the same form as on standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l password -d 'Recognised only to say why it is not there' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l if-absent -d 'Skip those that exist already'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l prompt -d 'Type the password, twice'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from standard input'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l digest -d 'Store only the hash of the password'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l like -d 'Take the settings of this extension' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l template -d 'Use these templates for endpoint, auth and AOR' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l file -d 'Write into this file of the configuration' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l domain -d 'The domain it is to stand in (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l cid-name -l name -d 'Caller id name' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l cid-number -d 'Caller id number' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l outbound-cid-name -d 'Caller id name of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l outbound-cid-number -d 'Caller id number of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l context -d 'The context its calls start in' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l codecs -d 'Codecs in order of preference, as in g722,ulaw (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l transport -d 'Transport (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l webrtc -d 'Set it up for browsers, or take that back with --webrtc=no' -r -f -a "yes\t'Yes'
no\t'No'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l max-contacts -d 'How many phones may register at once' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l mailbox -d 'Voicemail box' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l call-group -d 'Call groups it belongs to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l pickup-group -d 'Call groups it may pick up (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l toll-allow -d 'Classes of numbers it may call (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l accountcode -d 'Account code of its call records' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l language -d 'Language of prompts' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l ip -d 'Addresses it is known by instead of a password' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l permit -d 'Networks it may come from' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l description -d 'Free text' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l set -d 'Set an option of the engine, as in endpoint.direct_media=yes (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l add -d 'Add a value to a repeated option, as in endpoint.permit=10.0.0.0/8 (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l unset -d 'Remove an option, or one of its values (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l voicemail-pin -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l email -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l password-file -d 'Read the password from a file; the same form as on standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l password -d 'Recognised only to say why it is not there' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l if-absent -d 'Skip those that exist already'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l prompt -d 'Type the password, twice'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l password-stdin -d 'Read the password from standard input'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l digest -d 'Store only the hash of the password'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l like -d 'Take the settings of this extension' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l template -d 'Use these templates for endpoint, auth and AOR' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l file -d 'Write into this file of the configuration' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l domain -d 'The domain it is to stand in (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l cid-name -l name -d 'Caller id name' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l cid-number -d 'Caller id number' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l outbound-cid-name -d 'Caller id name of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l outbound-cid-number -d 'Caller id number of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l context -d 'The context its calls start in' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l codecs -d 'Codecs in order of preference, as in g722,ulaw (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l transport -d 'Transport (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l webrtc -d 'Set it up for browsers, or take that back with --webrtc=no' -r -f -a "yes\t'Yes'
no\t'No'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l max-contacts -d 'How many phones may register at once' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l mailbox -d 'Voicemail box' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l call-group -d 'Call groups it belongs to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l pickup-group -d 'Call groups it may pick up (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l toll-allow -d 'Classes of numbers it may call (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l accountcode -d 'Account code of its call records' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l language -d 'Language of prompts' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l ip -d 'Addresses it is known by instead of a password' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l permit -d 'Networks it may come from' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l description -d 'Free text' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l set -d 'Set an option of the engine, as in endpoint.direct_media=yes (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l add -d 'Add a value to a repeated option, as in endpoint.permit=10.0.0.0/8 (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l unset -d 'Remove an option, or one of its values (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l voicemail-pin -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l email -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l password-file -d 'Read the password from a file; the same form as on standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l password -d 'Recognised only to say why it is not there' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l if-absent -d 'Skip those that exist already'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l prompt -d 'Type the password, twice'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l password-stdin -d 'Read the password from standard input'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l digest -d 'Store only the hash of the password'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l password-file -d 'Read the password from a file; the same form as on standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l password -d 'Recognised only to say why it is not there' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l shared -d 'Allow an auth section that serves several extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l prompt -d 'Type the password, twice'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l password-stdin -d 'Read the password from standard input'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l digest -d 'Store only the hash of the password'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l password-file -d 'Read the password from a file; the same form as on standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l password -d 'Recognised only to say why it is not there' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l shared -d 'Allow an auth section that serves several extensions'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l prompt -d 'Type the password, twice'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l password-stdin -d 'Read the password from standard input'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l digest -d 'Store only the hash of the password'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l cid-name -l name -d 'Caller id name' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l cid-number -d 'Caller id number' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l outbound-cid-name -d 'Caller id name of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l outbound-cid-number -d 'Caller id number of calls to the outside (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l context -d 'The context its calls start in' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l codecs -d 'Codecs in order of preference, as in g722,ulaw (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l transport -d 'Transport (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l webrtc -d 'Set it up for browsers, or take that back with --webrtc=no' -r -f -a "yes\t'Yes'
no\t'No'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l max-contacts -d 'How many phones may register at once' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l mailbox -d 'Voicemail box' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l call-group -d 'Call groups it belongs to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l pickup-group -d 'Call groups it may pick up (Asterisk)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l toll-allow -d 'Classes of numbers it may call (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l accountcode -d 'Account code of its call records' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l language -d 'Language of prompts' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l ip -d 'Addresses it is known by instead of a password' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l permit -d 'Networks it may come from' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l description -d 'Free text' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l set -d 'Set an option of the engine, as in endpoint.direct_media=yes (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l add -d 'Add a value to a repeated option, as in endpoint.permit=10.0.0.0/8 (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l unset -d 'Remove an option, or one of its values (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l voicemail-pin -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l email -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from renumber" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l if-present -d 'Skip those that do not exist'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l if-present -d 'Skip those that do not exist'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l if-present -d 'Skip those that do not exist'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l kind -d 'What to list' -r -f -a "extensions\t'Phones and devices known by their address'
all\t'Everything'
phone\t'Phones'
ip-phone\t'Devices known by their address'
trunk\t'Trunks'
pointer\t'Pointers to users elsewhere'
other\t'The rest'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l offline
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l timeout -d 'Limit for each exchange with the engine [default: 10s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l reveal -d 'Show passwords in clear'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l offline -d 'Do not ask the running engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l kick -d 'Drop its registrations afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l hangup -d 'End its calls afterwards'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from kick" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from notify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l to -d 'The PBX they go to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l map -d 'Another value there, as in context=internal:default (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l to -d 'The PBX they go to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l map -d 'Another value there, as in context=internal:default (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand ext; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s f -l file -d 'The list: YAML, JSON or CSV; `-` is standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l passwords -d 'Where passwords made in this run go: `-` into the report, FILE (new, 0600) as CSV' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l prune -d 'Delete what the list owns and does not name'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l adopt -d 'Mark extensions that exist already as this list\'s'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l same-password -d 'The same generated password on every PBX'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -s f -l file -d 'Compare with this list; `-` is standard input' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l against -d 'Compare with this PBX, by the fields both engines have' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l timeout -d 'Limit for each exchange with the engine [default: 10s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l prune -d 'Delete what the list owns and does not name'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l adopt -d 'Mark extensions that exist already as this list\'s'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l diff -d 'Show the masked diff of the files that apply would write'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l offline -d 'Do not ask the running engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l to -d 'Write to this file; an existing one is replaced' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l with-secrets -d 'Put passwords into the file (0600) named with --to'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l inherited -d 'Write what templates, groups and domains give an extension as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l map -d 'Which column holds what, as in number=Ext (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l to -d 'Write the list to this file; an existing one is replaced' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l passwords -d 'Put the passwords that are found into this file (new, 0600, CSV), to which the list points' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l name -d 'A name for the list' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l encoding -d 'How the file is encoded, where that is guessed wrongly' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Show one change with its masked diff, and where its copies lie'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l since -d 'Everything since this time: 22:00, 2026-11-25T22:00, or 2h (ago)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l max-change -d 'Allow a change of up to this many extensions on one PBX [default: 10]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -s m -l message -d 'Why, for the history' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l canary -d 'Of several PBXes begin with the first N, and go on only if they were proved' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l max-fail -d 'Of several PBXes begin no more once N have failed' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l confirm -d 'Let the new state go back by itself unless `sipctl confirm`, or Enter, comes in time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l with-secrets -d 'Let passwords come back that were in force before'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l dry-run -d 'Do everything but write; print the diff'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l diff -d 'Put the masked diff into JSON and YAML as well'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l no-reload -d 'Write, but do not reload the engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l no-proof -d 'Reload, but do not ask the engine whether it took the change'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l offline -d 'Files only: no engine is asked, reloaded or proved'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l no-validate -d 'Skip sipctl\'s own check of option names and values'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l strict -d 'Treat the warnings unproved, drift and pending-edits as failures'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -s y -l yes -d 'Do not ask'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l atomic -d 'All PBXes or none: where one cannot be proved, all are put back'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l wait -d 'How long to wait for the lock [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand confirm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l wait -d 'How long to wait for the lock and for a reload under way [default: 30s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l timeout -d 'Limit for opening a console, a question and a reload [default: 10s, 10s, 60s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l offline -d 'Files only: no engine is asked or reloaded'
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -f -a "list" -d 'List the PBXes of the inventory, else those found on this machine'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -f -a "show" -d 'Show what sipctl knows of a PBX, and whether its engine answers'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -f -a "add" -d 'Name a PBX in the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -f -a "rm" -d 'Take PBXes out of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and not __fish_seen_subcommand_from list show add rm check" -f -a "check" -d 'Try everything a change would need'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l offline -d 'Do not ask the running engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l groups -d 'Groups it belongs to' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l sudo -d 'Work there through sudo, as this user (yes: root)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l console -d 'Where its engine runs, if not where its files are' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l root -d 'Look absolute include paths up under this folder' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l context -d 'Context of new extensions' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l template -d 'Templates of new extensions' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l transport -d 'Transport of new extensions' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l domain -d 'Domain of new extensions (FreeSWITCH)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l reload -d 'How it reloads: core reload, narrow or none' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l set -d 'Any key of the inventory' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l protected -d 'A change must name it with --pbx'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l timeout -d 'Limit for opening a console and a question [default: 10s]' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l offline -d 'Do not ask the running engine'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand pbx; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l pbx -d 'Work on this PBX (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l group -d 'Work on every PBX of this group (repeatable)' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l jobs -d 'Work on as many PBXes at a time' -r
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l ssh-password-file -d 'Read the password of an SSH login from this file' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l config -d 'Read this inventory' -r -F
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'The JSON document of sipctl-json(7)'
yaml\t'The same as YAML'
csv\t'One line for each extension, with a header line'
name\t'One EXT a line'"
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l all -d 'Work on every PBX of the inventory'
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -l accept-new-host-key -d 'Accept the key of a host that is not known yet, and remember it'
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -s v -l verbose -d 'Show every file read, question asked and exchange made, secrets masked'
complete -c sipctl -n "__fish_sipctl_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'

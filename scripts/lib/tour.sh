# The main job, told by the tool itself: `tour BINARY LIBRARY FOLDER`. Sourced by scripts/quickstart and by the tests.

tour() {
    binary=$1
    local library=$2 folder=$3
    cd "$folder"
    # In what is shown, the library is called slp.
    [ "$library" = "$folder/slp" ] || ln -s "$library" slp
    unset REPLAYCACHE_REMOTE XDG_DATA_HOME RUNPOD_POD_ID

    chapter "The laptop publishes its replays to a remote, here a folder."
    on laptop push slp remote
    chapter "Again: nothing has changed, so nothing moves."
    on laptop push slp remote
    chapter "The same replay under two names is stored once; on the disk the copy takes its space twice."
    on laptop dedup slp

    local character
    character=$(favourite)
    chapter "What is there? The catalog answers without the remote."
    on laptop query --character "$character" --limit 5
    on laptop query --character "$character" --group-by matchup
    on laptop sql "SELECT character, count(*) AS games FROM players GROUP BY character ORDER BY games DESC LIMIT 5"

    chapter "A pod that knows nothing takes the $character games, and only those."
    on pod fetch remote replays --character "$character"
    echo "\$ find replays -name '*.slp' | wc -l"
    find replays -name '*.slp' | wc -l
    on pod query --character "$character" --local --count

    chapter "Those games get a name that means the same files for ever, and a checkpoint says what it was trained on."
    on pod dataset freeze first --character "$character" --remote remote

    chapter "The pod publishes checkpoints. Files over 32 MiB are stored in parts; unchanged parts are not sent again."
    make_checkpoint
    on pod checkpoint push checkpoint --run demo --step 1000 --metric val_loss=0.52 --dataset first --remote remote
    train_on
    on pod checkpoint push checkpoint --run demo --step 2000 --metric val_loss=0.47 --remote remote

    chapter "The laptop lists them and takes the best."
    on laptop checkpoint log demo --remote remote
    on laptop checkpoint fetch demo@best:val_loss -o best --remote remote

    chapter "Where both sides stand, and whether every byte is still what it was."
    on laptop status slp remote
    on pod verify replays
    what_next
}

chapter() { printf '\n# %s\n' "$1"; }

# Shows a command, then runs it with the local state of a machine.
on() {
    local machine=$1 shown="replaycache" word
    shift
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:@=-]*) shown+=" \"$word\"" ;;
        *) shown+=" $word" ;;
        esac
    done
    echo "\$ $shown"
    REPLAYCACHE_HOME=$PWD/$machine-home "$binary" "$@"
}

# Mewtwo, or the character with the most games where nobody plays Mewtwo.
favourite() {
    REPLAYCACHE_HOME=$PWD/laptop-home "$binary" sql \
        "SELECT character FROM players GROUP BY character ORDER BY character = 'Mewtwo' DESC, count(*) DESC LIMIT 1" |
        tail -n 1
}

# 40 MiB of weights, which do not compress.
make_checkpoint() {
    mkdir checkpoint
    head -c $((40 << 20)) /dev/urandom >checkpoint/weights.bin
    echo '{"step": 1000}' >checkpoint/trainer.json
}

# One stretch of the weights changes, as when most layers are frozen.
train_on() {
    printf 'step 2000' | dd of=checkpoint/weights.bin bs=1M seek=20 conv=notrunc status=none
    echo '{"step": 2000}' >checkpoint/trainer.json
}

what_next() {
    cat <<TEXT

# What next
#   install         sudo cp .build/release/replaycache /usr/local/bin/
#   your replays    replaycache push ~/slp /mnt/backup/melee
#   to a bucket     replaycache push ~/slp b2:my-bucket/replaycache     (docs/remotes.md has the keys it wants)
#   on a pod        replaycache fetch /mnt/backup/melee ./replays --character mewtwo
#   all commands    replaycache --help, and README.md
# What this tour made is in quickstart-demo/; remove it when you like.
TEXT
}

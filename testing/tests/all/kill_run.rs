//! The kill run: every handler's exercise again and again, while nodes, the broker and the database are killed, and
//! nodes are stopped, at random. Everything that was given is done exactly once in the end.
//!
//! It takes a minute; five with `cargo verify --full`. It prints its seed: `TEST_KILL_RUN_SEED=SEED` harms in the same
//! order again. A handler takes part by being registered.

use std::{io::Write, sync::Arc, time::Duration};

use app::{Error, messages::outbox, playbook, secret::Keyring, waiting};
use delivery::exercise::Exercise;
use domain::id::Id;
use entity::{dead_letter, portfolio};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::EntityTrait;
use testing::{
    clock::FastClock,
    gym::{Given, Gym, exercises},
    node::{Cluster, NodeProcess},
    servers::{Durability, KILL_RUN_SECONDS, KILL_RUN_SEED, PrivatePostgres, PrivateRabbit},
    world::{playbook_files, workers},
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// How many processes share the work.
const NODES: usize = 3;

/// How long the last work may take once nothing is harmed any more.
const RECOVERY: Duration = Duration::from_secs(180);

/// A number from the environment.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment how long they may take")]
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// What is harmed.
struct System {
    postgres: PrivatePostgres,
    rabbit: PrivateRabbit,
    nodes: Vec<NodeProcess>,
    cluster: Cluster,
    began: Instant,
}

impl System {
    async fn start() -> Self {
        let (postgres, rabbit) =
            tokio::join!(PrivatePostgres::start(Durability::Crashsafe), PrivateRabbit::start());
        let (postgres, rabbit) = (postgres.expect("PostgreSQL"), rabbit.expect("RabbitMQ"));
        let cluster = Cluster {
            database_url: postgres.url(),
            amqp_url: rabbit.url(),
            key: Keyring::generate(),
            clock: FastClock::begin(),
        };
        let app = cluster.app().await;
        migration::migrate(app.database().write()).await.expect("migrations");
        playbook::import(&app, playbook_files()).await.expect("the built-in playbook");
        let nodes = (0..NODES).map(|_| cluster.start()).collect();
        Self { postgres, rabbit, nodes, cluster, began: Instant::now() }
    }

    fn say(&self, what: &str) {
        let at = self.began.elapsed().as_secs_f32();
        drop(writeln!(std::io::stderr(), "kill run: {at:6.1} s: {what}"));
    }

    /// One thing that can go wrong, and what puts it right.
    async fn harm(&mut self, random: &mut StdRng) {
        let (victim, time) =
            (random.random_range(0..NODES), Duration::from_millis(random.random_range(100..3_000)));
        match random.random_range(0..10) {
            0..5 => {
                self.say(&format!("node {victim} is killed"));
                self.nodes.remove(victim).kill().await;
                self.nodes.insert(victim, self.cluster.start());
            }
            5..7 => {
                self.say(&format!("node {victim} is stopped for {time:?}"));
                self.nodes[victim].stop_for(time).await;
            }
            7 => {
                self.say(&format!("all nodes are killed; new ones start after {time:?}"));
                for node in self.nodes.drain(..) {
                    node.kill().await;
                }
                tokio::time::sleep(time).await;
                self.nodes.extend((0..NODES).map(|_| self.cluster.start()));
            }
            8 => {
                self.say(&format!("the broker is killed and away for {time:?}"));
                self.rabbit.kill().expect("killed");
                tokio::time::sleep(time).await;
                self.rabbit.start_again().await.expect("the broker again");
            }
            _ => {
                self.say(&format!("the database is killed and away for {time:?}"));
                self.postgres.kill().expect("killed");
                tokio::time::sleep(time).await;
                self.postgres.start_again().await.expect("the database again");
            }
        }
        for node in &mut self.nodes {
            assert!(!node.has_ended(), "a node ended by itself");
        }
    }
}

/// Gives work until told to stop. What could not be given is forgotten.
fn give(gym: Arc<Gym>, exercises: Vec<Exercise>, stop: CancellationToken) -> JoinHandle<Vec<Given>> {
    tokio::spawn(async move {
        let mut given = Vec::new();
        for exercise in exercises.iter().cycle() {
            if stop.is_cancelled() {
                break;
            }
            match exercise.give(&*gym).await {
                Ok(work) => given.push(Given::new(exercise, work)),
                Err(Error::Unavailable(_) | Error::Conflict(_)) => {}
                Err(error) => panic!("the exercise of {}: {error:#}", exercise.handler),
            }
        }
        given
    })
}

/// Waits until everything is done and nothing is under way.
async fn recover(gym: &Gym, cluster: &Cluster, given: &[Given]) {
    let app = cluster.app().await;
    let mut missing = Ok(vec!["not looked yet".to_owned()]);
    let recovered = tokio::time::timeout(RECOVERY, async {
        loop {
            missing = gym.missing(given).await;
            let under_way = outbox::count(&app).await;
            if matches!(&missing, Ok(missing) if missing.is_empty()) && matches!(under_way, Ok(0)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let recovered = recovered.await.is_ok();
    assert!(recovered, "after {RECOVERY:?} without harm there is missing: {missing:?}");
    let parked = dead_letter::Entity::find().all(app.database().read()).await.expect("dead letters");
    assert!(parked.is_empty(), "{parked:?}");
    let portfolios = portfolio::Entity::find().all(app.database().read()).await.expect("portfolios");
    assert!(!portfolios.is_empty());
    for portfolio in portfolios {
        let wrong = waiting::mismatches(&app, Id::new(portfolio.id)).await.expect("what waits");
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_everything_is_done_exactly_once() {
    let length = Duration::from_secs(told(KILL_RUN_SECONDS).unwrap_or(60));
    let seed = told(KILL_RUN_SEED).unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let mut system = System::start().await;
    system.say(&format!("{KILL_RUN_SEED}={seed}"));
    let exercises = exercises(&workers());
    let gym = Arc::new(Gym::open(&system.cluster.app().await).await);
    // Once without harm: RabbitMQ 3.10 loses a quorum queue for good when it is killed while it declares the queue.
    let mut first = Vec::new();
    for exercise in &exercises {
        first.push(gym.give(exercise).await);
    }
    recover(&gym, &system.cluster, &first).await;
    system.began = Instant::now();
    let stop = CancellationToken::new();
    let giving = give(Arc::clone(&gym), exercises.clone(), stop.clone());
    let mut harms = 0;
    while system.began.elapsed() < length {
        tokio::time::sleep(Duration::from_millis(random.random_range(500..4_000))).await;
        system.harm(&mut random).await;
        harms += 1;
    }
    stop.cancel();
    let given: Vec<_> = first.into_iter().chain(giving.await.expect("works")).collect();
    recover(&gym, &system.cluster, &given).await;
    // Once more, now that nothing is under way.
    assert_eq!(gym.missing(&given).await.expect("an answer"), Vec::<String>::new());
    for exercise in &exercises {
        let times = given.iter().filter(|given| given.handler == exercise.handler).count();
        assert!(times > 2, "{} was given work {times} times", exercise.handler);
    }
    system.say(&format!("{} exercises done exactly once under {harms} harms", given.len()));
}

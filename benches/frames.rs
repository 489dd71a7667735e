//! What one frame costs: the overview of 1,000 clusters and the live view of 5,000 nodes, at 200 x 60 cells.

use aks_cockpit::ui::fixtures::Stage;
use criterion::{Criterion, criterion_group, criterion_main};

fn frames(criterion: &mut Criterion) {
    let mut overview = Stage::overview_of(1_000, 200, 60);
    criterion.bench_function("overview of 1,000 clusters", |bencher| bencher.iter(|| overview.draw()));
    let mut overview = Stage::overview_of(1_000, 200, 60);
    criterion.bench_function("one row down in 1,000 clusters", |bencher| {
        bencher.iter(|| {
            overview.keys("j");
            overview.draw();
        });
    });
    let mut live = Stage::live_of(5_000, 200, 60);
    criterion.bench_function("live view of 5,000 nodes", |bencher| bencher.iter(|| live.draw()));
    let mut table = Stage::live_of(5_000, 200, 60);
    table.keys("v");
    criterion.bench_function("one row down in a table of 5,000 nodes", |bencher| {
        bencher.iter(|| {
            table.keys("j");
            table.draw();
        });
    });
}

criterion_group!(benches, frames);
criterion_main!(benches);
